using System.Runtime.InteropServices;
using Moru.Envd;
using Moru.Protocol;

if (Flags.ParseOrDefault(args) is not { } flags)
{
    Console.Error.WriteLine(Flags.Usage);
    return 2;
}

if (flags.ShowVersion)
{
    Console.WriteLine(EnvdVersion.Current);
    return 0;
}

Posix.BecomeInit();
Workers.Reserve();
if (Environment.ProcessId == 1) Presence.Announce(); // outside a sandbox the networks are somebody else's
var stop = new TaskCompletionSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
var poller = new Poller();
var processes = new ProcessTable(new Launcher(poller), TimeProvider.System);
Reaper.Start(processes);
try
{
    using var server = await new HttpHost(new Daemon(processes, poller, TimeProvider.System)).StartAsync(flags.Port);
    await stop.Task;
    // Whoever stops a sandbox does not wait for its requests; the end of PID 1 ends everything else.
    await server.StopAsync(new CancellationToken(canceled: true));
    return 0;
}
catch (IOException exception)
{
    Log.Failure($"cannot listen on port {flags.Port}", exception);
    return 1;
}

void Stop(PosixSignalContext context) => context.Cancel = stop.TrySetResult();
