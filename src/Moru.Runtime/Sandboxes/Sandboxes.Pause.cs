using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    /// <summary>
    /// Freezes a sandbox with its memory and processes, and ends open connections to it. When the engine does not confirm it, this
    /// fails, but the sandbox counts as paused and the engine is asked again.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.Conflict"/>: it was paused before.</exception>
    public async Task PauseAsync(string id, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var sandbox = Visible(id);
        // Whoever comes while another pause is under way shares its success.
        var wasPaused = sandbox.Record.State is SandboxPhase.Paused;
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (!sandbox.IsVisible) throw NotFound(id);
            if (sandbox.Record.State is SandboxPhase.Paused)
            {
                if (wasPaused) throw new RuntimeException(RuntimeError.Conflict, $"Sandbox '{id}' is already paused.");
                return;
            }

            // Stored first: a server that is killed from here on finishes the pause, whatever the deadline says.
            if (sandbox.Record.State is SandboxPhase.Running) sandbox.Swap(Save(Pausing(sandbox.Record)));
            await FreezeAsync(sandbox);
        }
    }

    /// <summary>
    /// Lets a running sandbox live at least <paramref name="timeout"/> from now, never shorter than before; resumes a paused one and
    /// gives it that time.
    /// </summary>
    public async Task<(SandboxRecord Sandbox, bool Resumed)> ConnectAsync(string id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var sandbox = Visible(id);
        CheckTimeout(timeout, sandbox.Record.TeamId);
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (!sandbox.IsVisible) throw NotFound(id);
            return sandbox.Record.State is SandboxPhase.Running
                ? (MoveEnd(sandbox, timeout, Later), false)
                : (await ThawAsync(sandbox, timeout, sandbox.Record.AutoPause), true);
        }
    }

    /// <summary>Resumes a paused sandbox and gives it a time to live; null: the default.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.Conflict"/>: it runs.</exception>
    public async Task<SandboxRecord> ResumeAsync(string id, TimeSpan? timeout, bool? autoPause, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var sandbox = Visible(id);
        var life = timeout ?? Least(options.DefaultTimeout, LongestLife(sandbox.Record.TeamId));
        CheckTimeout(life, sandbox.Record.TeamId);
        using (await sandbox.EnterAsync(cancellationToken))
        {
            if (!sandbox.IsVisible) throw NotFound(id);
            if (sandbox.Record.State is SandboxPhase.Running)
                throw new RuntimeException(RuntimeError.Conflict, $"Sandbox '{id}' is running already; connect to it.");
            return await ThawAsync(sandbox, life, autoPause ?? sandbox.Record.AutoPause);
        }
    }

    private SandboxRecord Pausing(SandboxRecord running) => running.Become(SandboxPhase.Pausing) with { EndAt = time.GetUtcNow() };

    /// <summary>For the reaper, which sees to it that this is repeated.</summary>
    private async Task TryFreezeAsync(LiveSandbox sandbox)
    {
        if (sandbox.Record.State is SandboxPhase.Running)
        {
            var pausing = Pausing(sandbox.Record);
            TrySave(pausing);
            sandbox.Swap(pausing);
        }

        try
        {
            await FreezeAsync(sandbox);
        }
        catch (RuntimeException failure)
        {
            Log.NotPaused(log, sandbox.Id, sandbox.RetryAt, failure.Message);
        }
    }

    /// <summary>Finishes a pause that has begun. The caller holds the gate.</summary>
    private async Task FreezeAsync(LiveSandbox sandbox)
    {
        sandbox.RetryAt = time.GetUtcNow() + LongestRemoval;
        await sandbox.StopTrafficAsync();
        try
        {
            await engine.PauseAsync(sandbox.Id, CancellationToken.None);
            sandbox.Swap(Save(sandbox.Record.Become(SandboxPhase.Paused)));
        }
        catch (RuntimeException)
        {
            sandbox.RetryLater(time.GetUtcNow());
            Changed.Ring();
            throw;
        }

        sandbox.Settle();
        Log.Paused(log, sandbox.Id);
    }

    /// <summary>The caller holds the gate. Once begun it does not depend on who asked: others wait for the same resume.</summary>
    private async Task<SandboxRecord> ThawAsync(LiveSandbox sandbox, TimeSpan timeout, bool autoPause)
    {
        BeginResume(sandbox);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(sandbox.Condemned, closing.Token);
        stop.CancelAfter(options.StartTimeout);
        try
        {
            Save(sandbox.Record);
            var container = await engine.ResumeAsync(sandbox.Id, CancellationToken.None);
            var now = time.GetUtcNow();
            var next = sandbox.Record with
            {
                StartedAt = now, EndAt = now + timeout, AutoPause = autoPause, ContainerId = container.Id, Address = container.Address, NodeId = container.NodeId,
            };
            await start.GoOnAsync(next, templates.Current(next.TemplateId), container, now, stop.Token);

            now = time.GetUtcNow();
            next = Save(next.Become(SandboxPhase.Running) with { StartedAt = now, EndAt = now + timeout });
            sandbox.AllowTraffic();
            sandbox.Swap(next);
            sandbox.Settle();
        }
        catch (Exception failure)
        {
            PauseAgain(sandbox);
            if (failure is OperationCanceledException) throw NotResumed(sandbox, failure);
            throw;
        }

        Changed.Ring();
        DeadlineMoved.Ring();
        Began.Ring();
        Log.Resumed(log, sandbox.Id);
        return sandbox.Record;
    }

    private void BeginResume(LiveSandbox sandbox)
    {
        lock (admission)
        {
            ThrowIfFull(sandbox.Record.TeamId);
            sandbox.Swap(sandbox.Record.Become(SandboxPhase.Resuming));
        }
    }

    /// <summary>A resume failed; the reaper freezes what may go on already.</summary>
    private void PauseAgain(LiveSandbox sandbox)
    {
        var pausing = sandbox.Record.Become(SandboxPhase.Pausing);
        TrySave(pausing);
        sandbox.Swap(pausing);
        sandbox.RetryAt = time.GetUtcNow();
        Changed.Ring();
    }

    private RuntimeException NotResumed(LiveSandbox sandbox, Exception failure) => sandbox.Sentence is not null
        ? NotFound(sandbox.Id)
        : new(
            RuntimeError.StartFailed,
            closing.IsCancellationRequested ? $"Sandbox '{sandbox.Id}' was not resumed: the server is stopping."
                : $"Sandbox '{sandbox.Id}' did not answer within {options.StartTimeout.TotalSeconds:0.#} s of its resume and is paused again; try again.",
            failure);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} is paused")]
        public static partial void Paused(ILogger log, string sandboxId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} runs again")]
        public static partial void Resumed(ILogger log, string sandboxId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be paused, next try at {RetryAt:O}: {Failure}")]
        public static partial void NotPaused(ILogger log, string sandboxId, DateTimeOffset retryAt, string failure);
    }
}
