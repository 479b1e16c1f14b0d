using System.Runtime.InteropServices;
using Moru.Envd;
using Moru.Protocol;

if (Flags.ParseOrDefault(args) is not { } flags) return Say(Console.Error, Flags.Usage, 2);
if (flags.ShowVersion) return Say(Console.Out, EnvdVersion.Current, 0);

Posix.BecomeInit();
Workers.Reserve();
var isInit = Environment.ProcessId == 1;
if (isInit) Presence.Announce(); // outside a sandbox the networks are somebody else's
var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
// The kernel keeps from PID 1 what it does not handle, so nobody in the sandbox can end it; the engine kills.
using var terminate = isInit ? null : PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = isInit ? null : PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var guard = isInit ? new DeadlineGuard(TimeProvider.System, () => stop.TrySetResult()) : null;
var (poller, log) = (new Poller(), new ProcessLog(TimeProvider.System));
var processes = new ProcessTable(new Launcher(poller), log, TimeProvider.System);
Reaper.Start(processes);
try
{
    using var server = await new HttpHost(new Daemon(processes, log, poller, TimeProvider.System, guard)).StartAsync(flags.Port);
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

static int Say(TextWriter to, string text, int exitCode)
{
    to.WriteLine(text);
    return exitCode;
}
