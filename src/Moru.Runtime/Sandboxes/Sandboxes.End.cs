using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    private static readonly TimeSpan LongestRemoval = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Removes a condemned sandbox's container and closes its record. What the engine cannot do now stays in the phase killing, for
    /// the reaper to repeat. The caller holds the gate.
    /// </summary>
    private async Task EndAsync(LiveSandbox sandbox)
    {
        if (sandbox.Record.State is SandboxPhase.Ended) return;
        MarkKilling(sandbox);
        // What ended by itself has nothing more to say.
        if (sandbox.Record.EndReason is EndReason.Killed or EndReason.Timeout) await BeforeRemoval(sandbox);
        await sandbox.StopTrafficAsync();
        await network.LeaveAsync(sandbox.Id);
        // Should the call fail in a way that no engine may, the reaper comes back all the same.
        sandbox.RetryAt = time.GetUtcNow() + LongestRemoval;
        try
        {
            await engine.RemoveAsync(sandbox.Id, CancellationToken.None);
        }
        catch (RuntimeException failure)
        {
            sandbox.RetryLater(time.GetUtcNow());
            Changed.Ring();
            Log.RemovalFailed(log, sandbox.Id, sandbox.RetryAt, failure.Message);
            return;
        }

        var ended = sandbox.Record.Become(SandboxPhase.Ended) with { EndedAt = time.GetUtcNow() };
        TrySave(ended);
        sandbox.Swap(ended);
        live.TryRemove(sandbox.Id, out _);
        Instruments.Ended(ended.EndReason);
        Log.Ended(log, sandbox.Id, ended.EndReason);
    }

    private void LeaveToReaper(LiveSandbox sandbox)
    {
        MarkKilling(sandbox);
        sandbox.RetryLater(time.GetUtcNow());
        Changed.Ring();
    }

    private void MarkKilling(LiveSandbox sandbox)
    {
        if (sandbox.Record.State is SandboxPhase.Killing) return;
        var killing = sandbox.Record.Become(SandboxPhase.Killing) with { EndReason = sandbox.Sentence!.Reason };
        TrySave(killing);
        sandbox.Swap(killing);
    }

    /// <summary>Ends or pauses a sandbox whose time is over, ends one that is condemned, and repeats what failed before.</summary>
    internal async Task ReapAsync(LiveSandbox sandbox, CancellationToken cancellationToken)
    {
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (sandbox.Sentence is null)
            {
                var isOver = sandbox.Record.State is SandboxPhase.Running && sandbox.Record.EndAt <= time.GetUtcNow();
                if (sandbox.Record.State is SandboxPhase.Pausing || (isOver && sandbox.Record.AutoPause))
                {
                    await TryFreezeAsync(sandbox);
                    return;
                }

                if (!isOver) return;
                sandbox.TryCondemn(EndReason.Timeout, "has reached its end");
            }

            await EndAsync(sandbox);
        }
    }

    /// <summary>A container ended by itself.</summary>
    internal void Exited(string id, int exitCode)
    {
        if (!live.TryGetValue(id, out var sandbox)) return;
        // The agent leaves with 0 only when it is told to: the engine is being stopped, or somebody stopped this container.
        if (!sandbox.TryCondemn(exitCode == 0 ? EndReason.Shutdown : EndReason.Error, $"ended by itself (exit code {exitCode})")) return;
        Log.ExitedByItself(log, id, exitCode);
        Changed.Ring();
    }

    /// <summary>A full disk must not keep a container alive: the record is wrong until the next start, which looks for containers.</summary>
    private void TrySave(SandboxRecord record)
    {
        try
        {
            store.Save(record);
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.StoreUnusable)
        {
            Log.NotSaved(log, record.Id, record.State, failure.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} ended ({Reason})")]
        public static partial void Ended(ILogger log, string sandboxId, EndReason? reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The container of sandbox {SandboxId} ended by itself with exit code {ExitCode}")]
        public static partial void ExitedByItself(ILogger log, string sandboxId, int exitCode);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be removed, next try at {RetryAt:O}: {Failure}")]
        public static partial void RemovalFailed(ILogger log, string sandboxId, DateTimeOffset retryAt, string failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId} is {State}, but that could not be stored: {Failure}")]
        public static partial void NotSaved(ILogger log, string sandboxId, SandboxPhase state, string failure);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} was still being changed at the end; the next start finishes it")]
        public static partial void LeftBehind(ILogger log, string sandboxId);
    }
}
