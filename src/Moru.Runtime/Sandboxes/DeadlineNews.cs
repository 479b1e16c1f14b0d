using System.Net.Http;
using Microsoft.Extensions.Logging;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>
/// The loop that tells agents of deadlines that moved, and after a start of all of them: an agent ends its sandbox when its last
/// deadline is long over, which is what is left when the server never comes back.
/// </summary>
internal sealed partial class DeadlineNews(Sandboxes sandboxes, SandboxStart agents, TimeProvider time, ILogger log)
{
    private const int AtATime = 8;

    // Much less than agents wait after a deadline.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var untold = Untold().ToList();
            await Parallel.ForEachAsync(untold, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken }, TellAsync);
            var retryAt = untold.Any(IsUntold) ? time.GetUtcNow() + RetryAfter : DateTimeOffset.MaxValue;
            await sandboxes.DeadlineMoved.WaitAsync(() => retryAt, cancellationToken);
        }
    }

    private IEnumerable<LiveSandbox> Untold() => sandboxes.Live.Where(IsUntold);

    private static bool IsUntold(LiveSandbox sandbox) =>
        sandbox.Sentence is null && sandbox.Record is { State: SandboxPhase.Running, Address: not null } record && record.EndAt != sandbox.ToldEndAt;

    private async ValueTask TellAsync(LiveSandbox sandbox, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(OneTry);
        var record = sandbox.Record;
        try
        {
            await agents.TellDeadlineAsync(record, time.GetUtcNow(), bound.Token);
            sandbox.ToldEndAt = record.EndAt;
        }
        catch (Exception failure) when (failure is HttpRequestException or ConnectException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Log.NotTold(log, record.Id, failure.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "The agent of sandbox {SandboxId} could not be told its deadline; it will be tried again: {Failure}")]
        public static partial void NotTold(ILogger log, string sandboxId, string failure);
    }
}
