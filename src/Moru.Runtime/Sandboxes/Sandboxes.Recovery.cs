using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    /// <summary>Takes over what an earlier process left in the store.</summary>
    internal void Load()
    {
        var now = time.GetUtcNow();
        foreach (var stored in store.LoadLive())
        {
            var sandbox = new LiveSandbox(tokens.Give(stored));
            live[stored.Id] = sandbox;

            if (stored.State is SandboxPhase.Running && (stored.EndAt > now || stored.AutoPause)) continue;
            if (stored.State.IsStopped())
            {
                // A pause that was asked for is finished. A resume that nobody was told of is taken back.
                if (stored.State is SandboxPhase.Resuming) PauseAgain(sandbox);
                else if (stored.State is SandboxPhase.Pausing) sandbox.RetryAt = now;
                continue;
            }

            var reason = stored.EndReason ?? (stored.State is SandboxPhase.Running ? EndReason.Timeout : EndReason.Error);
            sandbox.TryCondemn(reason, "was left by an earlier server");
            LeaveToReaper(sandbox);
            sandbox.RetryAt = now;
        }
    }

    /// <summary>
    /// Makes records and containers agree: containers without a record are removed, records without a running container are ended,
    /// addresses are taken from the engine.
    /// </summary>
    internal async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        // Before the question: one that starts running after the answer would look as if its container had vanished.
        var known = live.Values.Where(sandbox => sandbox.Record.State.IsVisible()).ToList();
        var containers = await engine.ListAsync(ownerId, cancellationToken);
        await network.RestoreAsync([.. known.Where(sandbox => sandbox.Sentence is null).Select(sandbox => sandbox.Record)], cancellationToken);
        // One that was ended meanwhile has left before it was brought back.
        foreach (var ended in known.Where(sandbox => sandbox.Sentence is not null)) await network.LeaveAsync(ended.Id);

        foreach (var container in containers.Where(container => !live.ContainsKey(container.SandboxId)))
        {
            await engine.RemoveAsync(container.SandboxId, cancellationToken);
            Log.OrphanRemoved(log, container.SandboxId);
        }

        var found = containers.ToLookup(container => container.SandboxId, container => container);
        foreach (var sandbox in known)
        {
            if (found[sandbox.Id].FirstOrDefault(container => container.Container is not null) is { Container: { } container } owned)
                await AdoptAsync(sandbox, container, owned.IsFrozen, cancellationToken);
            else if (sandbox.TryCondemn(EndReason.Error, "lost its container"))
                Log.ContainerLost(log, sandbox.Id);
        }

        var now = time.GetUtcNow();
        foreach (var sandbox in live.Values.Where(sandbox => sandbox.Record.State is SandboxPhase.Killing or SandboxPhase.Pausing)) sandbox.RetryAt = now;
        Changed.Ring();
    }

    /// <summary>Takes over an address that changed, and undoes what somebody else froze or let go on.</summary>
    private async Task AdoptAsync(LiveSandbox sandbox, EngineContainer container, bool frozen, CancellationToken cancellationToken)
    {
        var isRunning = sandbox.Record.State is SandboxPhase.Running;
        var isPaused = sandbox.Record.State is SandboxPhase.Paused;
        if (isRunning && !frozen && sandbox.Record.Address == container.Address && sandbox.Record.ContainerId == container.Id) return;
        if (isPaused && frozen) return;
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (sandbox.Sentence is not null) return;
            // The answer may be older than the last change. Both calls do nothing to a container that is as it should be.
            if (sandbox.Record.State is SandboxPhase.Paused && isPaused) await engine.PauseAsync(sandbox.Id, cancellationToken);
            if (sandbox.Record.State is not SandboxPhase.Running) return;
            if (frozen) container = await engine.ResumeAsync(sandbox.Id, cancellationToken);
            sandbox.Swap(Save(sandbox.Record with { ContainerId = container.Id, Address = container.Address, NodeId = container.NodeId }));
            DeadlineMoved.Ring();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Removed the container of sandbox {SandboxId}, which no record knows")]
        public static partial void OrphanRemoved(ILogger log, string sandboxId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The container of sandbox {SandboxId} is gone")]
        public static partial void ContainerLost(ILogger log, string sandboxId);
    }
}
