using Microsoft.Extensions.Logging;
using Moru.Protocol;

namespace Moru.Runtime;

public sealed partial class Sandboxes
{
    private readonly Lock admission = new();

    /// <summary>Starts a sandbox; it answers when this returns. When this fails or is cancelled, nothing is left of it.</summary>
    public async Task<SandboxRecord> CreateAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(request);
        using var stages = StageTimes.Begin();
        var team = request.TeamId ?? teams.First.Id;
        ThrowIfDraining();
        var (template, timeout) = Check(request, team);
        if (request.Network.NeedsFilter && !await network.OpenAsync(cancellationToken)) throw network.CannotEnforce();
        // While the engine is known to be down, ask it first: a record would have to wait for the engine to be cleaned up.
        if (EngineIsDown) await engine.ListAsync(ownerId, cancellationToken);

        var sandbox = new LiveSandbox(NewRecord(request, team, template, timeout));
        stages.Name(sandbox.Id, template.Id);
        using var hold = await sandbox.EnterAsync(cancellationToken);
        Admit(sandbox);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, sandbox.Condemned, closing.Token);
        stop.CancelAfter(options.StartTimeout);
        try
        {
            if (sandbox.Record.Volume is { } volume && !store.MarkVolumeChanged(volume.VolumeId)) throw Volumes.NotFound(volume.VolumeId);
            await stages.MeasureAsync("admission", () => Task.FromResult(Save(sandbox.Record)));
            var container = await start.RunAsync(sandbox.Record, template, stages, time.GetUtcNow(), stop.Token);
            stop.Token.ThrowIfCancellationRequested();

            // Counted from here, so that a slow start does not shorten the life.
            var now = time.GetUtcNow();
            sandbox.Swap(Save(sandbox.Record.Become(SandboxPhase.Running) with
            {
                CreatedAt = now,
                StartedAt = now,
                EndAt = now + timeout,
                ContainerId = container.Id,
                Address = container.Address,
                NodeId = container.NodeId,
                Limits = sandbox.Record.Limits with { DiskSizeMB = container.DiskSizeMB },
            }));
            // It was told that of the request, earlier by what the start took, which is less than it waits after a deadline.
            sandbox.ToldEndAt = sandbox.Record.EndAt;
            templates.CountSpawn(template.Id);
        }
        catch (Exception failure)
        {
            stages.Fail(failure);
            Instruments.NotCreated();
            var sentence = sandbox.Sentence;
            await UndoAsync(sandbox, failure);
            if (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw Interrupted(sandbox.Id, template, sentence, stages);
            throw;
        }

        CountStart(team);
        Changed.Ring();
        Began.Ring();
        Instruments.Created(TimeSpan.FromMilliseconds(stages.TotalMs));
        Log.Created(log, sandbox.Id, template.Id, stages.TotalMs, stages);
        return sandbox.Record;
    }

    private (Template Template, TimeSpan Timeout) Check(SandboxRequest request, string team)
    {
        var template = templates.ForSandbox(team, request.TemplateId);
        var timeout = request.Timeout ?? Least(options.DefaultTimeout, LongestLife(team));
        CheckTimeout(timeout, team);
        CheckSize(team, template);
        foreach (var (name, value) in request.EnvVars)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0') || value.Contains('\0'))
                throw new RuntimeException(RuntimeError.InvalidArgument, $"'{name}' is not a name and value that an environment can hold.");
        }

        request.Network.Check(request.Secure);
        CheckVolume(team, request);
        return (template, timeout);
    }

    private SandboxRecord NewRecord(SandboxRequest request, string team, Template template, TimeSpan timeout)
    {
        var id = SandboxId.New();
        var now = time.GetUtcNow();
        return tokens.Give(new SandboxRecord
        {
            Id = id,
            TeamId = team,
            TemplateId = template.Id,
            Alias = template.Alias,
            StartedAt = now,
            EndAt = now + timeout,
            State = SandboxPhase.Starting,
            Metadata = new Dictionary<string, string>(request.Metadata),
            EnvVars = new Dictionary<string, string>(request.EnvVars),
            Secure = request.Secure,
            AutoPause = request.AutoPause,
            AllowInternet = request.AllowInternet && !request.Network.DeniesEverything,
            Network = request.Network,
            Limits = new SandboxLimits(template.CpuCount, template.MemoryMB, teams.LimitsOf(team).DiskSizeMB, options.PidsLimit),
            EnvdDigest = envdDigest,
            Volume = MountOf(request),
        });
    }

    private void Admit(LiveSandbox sandbox)
    {
        lock (admission)
        {
            ThrowIfFull(sandbox.Record.TeamId);
            live[sandbox.Id] = sandbox;
        }
    }

    /// <summary>Those being killed still use the machine; those that are paused do not count.</summary>
    private void ThrowIfFull(string team)
    {
        ThrowIfTeamIsFull(team);
        if (live.Values.Count(other => other.Record.State is not SandboxPhase.Paused) < options.MaxSandboxes) return;
        throw new RuntimeException(
            RuntimeError.LimitReached, $"{options.MaxSandboxes} sandboxes run already, which is the maximum; kill or pause one first.");
    }

    private SandboxRecord Save(SandboxRecord record)
    {
        store.Save(record);
        return record;
    }

    private async Task UndoAsync(LiveSandbox sandbox, Exception failure)
    {
        var reason = failure is OperationCanceledException ? EndReason.Killed : EndReason.Error;
        sandbox.TryCondemn(reason, "did not start");
        // An engine that does not answer is not asked again while the caller waits.
        if (failure is RuntimeException { Error: RuntimeError.EngineUnavailable }) LeaveToReaper(sandbox);
        else await EndAsync(sandbox);
    }

    private RuntimeException Interrupted(string id, Template template, Sentence? sentence, StageTimes stages) => new(
        RuntimeError.StartFailed,
        sentence is not null ? $"Sandbox '{id}' {sentence.Cause} while it was starting."
            : closing.IsCancellationRequested ? $"Sandbox '{id}' was not started: the server is stopping."
            : stages.Current == SandboxStart.StartUpStage && template.ReadyCommand is { } ready
                ? $"Sandbox '{id}' was not ready within {options.StartTimeout.TotalSeconds:0.#} s: '{ready}' of template '{template.Alias ?? template.Id}' did not succeed."
            : $"Sandbox '{id}' was not ready within {options.StartTimeout.TotalSeconds:0.#} s (at stage '{stages.Current}'); try again.");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} of template {TemplateId} runs after {TotalMs:0.0} ms ({Stages})")]
        public static partial void Created(ILogger log, string sandboxId, string templateId, double totalMs, StageTimes stages);
    }
}
