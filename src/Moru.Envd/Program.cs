using System.Globalization;
using System.Runtime.InteropServices;
using Moru.Envd;
using Moru.Protocol;

var port = Ports.Envd;
switch (args)
{
    case []:
        break;
    case ["--version"]:
        Console.WriteLine(EnvdVersion.Current);
        return 0;
    case ["--port", var text] when ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number):
        port = number;
        break;
    default:
        Console.Error.WriteLine("usage: envd [--port NUMBER | --version]");
        return 2;
}

Posix.BecomeInit();
Workers.Reserve();
var stop = new TaskCompletionSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

var processes = new ProcessTable(new Launcher(new Poller()), TimeProvider.System);
Reaper.Start(processes);
try
{
    using var server = await new HttpHost(new Daemon(processes, TimeProvider.System)).StartAsync(port);
    await stop.Task;
    // Whoever stops a sandbox does not wait for its requests; the end of PID 1 ends everything else.
    await server.StopAsync(new CancellationToken(canceled: true));
    return 0;
}
catch (IOException exception)
{
    Log.Failure($"cannot listen on port {port}", exception);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.TrySetResult();
}
