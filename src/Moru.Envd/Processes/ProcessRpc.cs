using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The calls of <c>process.Process</c>; those that write to a process are in the other part.</summary>
internal sealed partial class ProcessRpc(ProcessTable processes, Settings settings, TimeProvider time)
{
    // A killed process is collected within a moment; one that is stuck in the kernel may never be.
    private static readonly TimeSpan CollectPatience = TimeSpan.FromSeconds(1);

    private static readonly ProcessEvent Silence = new() { Keepalive = new Keepalive() };

    /// <summary>Starts a process. Its time limit is the call's; it outlives its caller otherwise.</summary>
    public async Task StartAsync(HttpContext context, StartRequest request, MessageStream<StartResponse> stream)
    {
        var keepalive = CallTimes.Keepalive(context.Request.Headers);
        var limit = CallTimes.Limit(context.Request.Headers);
        var launch = StartPlan.Of(request, settings.Resolve(RpcUser.Of(context.Request)), settings.Current);
        var (process, listener) = Start(launch, request, limit);
        using (listener)
        {
            await foreach (var item in EventsAsync(process, listener, keepalive, stream.Aborted))
            {
                if (item.End is not null && process.TimedOut)
                    throw new ConnectException(ConnectCode.DeadlineExceeded, $"the process ran longer than its limit of {limit?.TotalMilliseconds:0} ms and was killed");
                await stream.WriteAsync(new StartResponse(item));
            }
        }
    }

    /// <summary>Listens to a process. The call's time limit ends the listening, not the process.</summary>
    public async Task ConnectAsync(HttpContext context, ConnectRequest request, MessageStream<ConnectResponse> stream)
    {
        var keepalive = CallTimes.Keepalive(context.Request.Headers);
        var limit = CallTimes.Limit(context.Request.Headers);
        var process = processes.Find(request.Process);
        using var over = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stream.Aborted);
        using var listener = process.Attach();
        try
        {
            await foreach (var item in EventsAsync(process, listener, keepalive, either.Token)) await stream.WriteAsync(new ConnectResponse(item));
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !stream.Aborted.IsCancellationRequested)
        {
            throw new ConnectException(ConnectCode.DeadlineExceeded, $"listened for the {limit?.TotalMilliseconds:0} ms asked for; process {process.Pid} goes on");
        }
    }

    /// <summary>Signals a process. After SIGKILL it is gone when the call returns.</summary>
    public async Task<Empty> SendSignalAsync(HttpContext context, SendSignalRequest request)
    {
        var process = processes.Find(request.Process);
        process.SendSignal(request.Signal switch
        {
            Signal.Kill => Posix.SigKill,
            Signal.Terminate => Posix.SigTerm,
            _ => throw new ConnectException(ConnectCode.Unimplemented, "only SIGNAL_SIGTERM and SIGNAL_SIGKILL can be sent"),
        });
        if (request.Signal == Signal.Kill) await Task.WhenAny(process.Exited, Task.Delay(CollectPatience, time, context.RequestAborted));
        return new Empty();
    }

    public ListProcessesResponse List(Empty request) =>
        new([.. processes.All.Where(process => !process.HasExited).Select(process => new ProcessInfo(process.Config, process.Pid, process.Tag))]);

    private (RunningProcess Process, OutputListener Listener) Start(Launch launch, StartRequest request, TimeSpan? limit)
    {
        try
        {
            return processes.Start(launch, request.Process!, request.Tag, limit); // the plan refused a request without it
        }
        catch (LaunchException exception)
        {
            throw StartPlan.Explain(exception, launch);
        }
    }

    /// <summary>The start, what the listener hears, and a sign of life after each interval without any of it.</summary>
    private async IAsyncEnumerable<ProcessEvent> EventsAsync(
        RunningProcess process, OutputListener listener, TimeSpan interval, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new ProcessEvent { Start = new ProcessStarted(process.Pid) };
        Task<bool>? more = null;
        while (true)
        {
            while (listener.Events.TryRead(out var item)) yield return item;

            more ??= listener.Events.WaitToReadAsync(CancellationToken.None).AsTask();
            var silent = false;
            try
            {
                if (!await more.WaitAsync(interval, time, cancellationToken)) yield break;
                more = null;
            }
            catch (TimeoutException)
            {
                silent = true;
            }

            if (silent) yield return Silence;
        }
    }
}
