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
            var sandbox = new LiveSandbox(stored with { AccessToken = stored.Secure ? tokens.For(stored.Id) : null });
            live[stored.Id] = sandbox;

            if (stored.State is SandboxPhase.Running && stored.EndAt > now) continue;
            if (stored.State is SandboxPhase.Paused) continue;

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
        var running = live.Values.Where(sandbox => sandbox.Record.State is SandboxPhase.Running).ToList();
        var containers = await engine.ListAsync(ownerId, cancellationToken);

        foreach (var container in containers.Where(container => !live.ContainsKey(container.SandboxId)))
        {
            await engine.RemoveAsync(container.SandboxId, cancellationToken);
            Log.OrphanRemoved(log, container.SandboxId);
        }

        var found = containers.ToLookup(container => container.SandboxId, container => container.Container);
        foreach (var sandbox in running)
        {
            if (found[sandbox.Id].FirstOrDefault(container => container is not null) is { } container)
                await AdoptAsync(sandbox, container, cancellationToken);
            else if (sandbox.TryCondemn(EndReason.Error, "lost its container"))
                Log.ContainerLost(log, sandbox.Id);
        }

        var now = time.GetUtcNow();
        foreach (var sandbox in live.Values.Where(sandbox => sandbox.Record.State is SandboxPhase.Killing)) sandbox.RetryAt = now;
        Changed.Ring();
    }

    private async Task AdoptAsync(LiveSandbox sandbox, EngineContainer container, CancellationToken cancellationToken)
    {
        if (sandbox.Record.Address == container.Address && sandbox.Record.ContainerId == container.Id) return;
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (sandbox.Record.State is not SandboxPhase.Running) return;
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
