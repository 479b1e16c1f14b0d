using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The calls of <c>process.Process</c>.</summary>
internal sealed class ProcessRpc(ProcessTable processes, Settings settings, TimeProvider time)
{
    public async Task StartAsync(HttpContext context, StartRequest request, MessageStream<StartResponse> stream)
    {
        var keepalive = CallTimes.Keepalive(context.Request.Headers);
        var limit = CallTimes.ProcessLimit(context.Request.Headers);
        var launch = StartPlan.Of(request, settings.Resolve(RpcUser.Of(context.Request)), settings.Current);
        var (process, listener) = Start(launch, request, limit);
        using (listener)
        {
            await SendAsync(new ProcessEvent { Start = new ProcessStarted(process.Pid) });
            await foreach (var item in WithKeepalives(listener, keepalive, stream.Aborted))
            {
                if (item.End is not null && process.TimedOut)
                    throw new ConnectException(ConnectCode.DeadlineExceeded, $"the process ran longer than its limit of {limit?.TotalMilliseconds:0} ms and was killed");
                await SendAsync(item);
            }
        }

        Task SendAsync(ProcessEvent item) => stream.WriteAsync(new StartResponse(item));
    }

    public Empty SendSignal(SendSignalRequest request)
    {
        var process = processes.Find(request.Process);
        process.SendSignal(request.Signal switch
        {
            Signal.Kill => Posix.SigKill,
            Signal.Terminate => Posix.SigTerm,
            _ => throw new ConnectException(ConnectCode.Unimplemented, "only SIGNAL_SIGTERM and SIGNAL_SIGKILL can be sent"),
        });
        return new Empty();
    }

    public ListProcessesResponse List(Empty request) =>
        new([.. processes.All.Where(process => !process.HasExited).Select(process => new ProcessInfo(process.Config, process.Pid, process.Tag))]);

    private (RunningProcess Process, OutputListener Listener) Start(Launch launch, StartRequest request, TimeSpan? limit)
    {
        try
        {
            return processes.Start(launch, request.Process, request.Tag, limit);
        }
        catch (LaunchException exception)
        {
            throw StartPlan.Explain(exception, launch);
        }
    }

    private async IAsyncEnumerable<ProcessEvent> WithKeepalives(
        OutputListener listener, TimeSpan interval, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var silence = new ProcessEvent { Keepalive = new Keepalive() };
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

            if (silent) yield return silence;
        }
    }
}
