using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Builds from their start to their end, and what is left of them: logs, images, containers.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source holds nothing to release: no timer, no wait handle.")]
public sealed partial class TemplateBuilds
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SweepAgain = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, RunningBuild> running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();
    private readonly RuntimeStore store;
    private readonly BuildTools tools;
    private readonly Sandboxes sandboxes;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Alarm ended;

    internal TemplateBuilds(RuntimeStore store, BuildTools tools, Sandboxes sandboxes, TimeProvider time, ILogger log)
    {
        this.store = store;
        this.tools = tools;
        this.sandboxes = sandboxes;
        this.time = time;
        this.log = log;
        ended = new Alarm(time);
        foreach (var build in store.Templates(rows => rows.UnfinishedBuilds()).Where(build => build.Status is BuildStatus.Building))
            Save(Failed(build, null, "the server ended during the build; build it again"));
    }

    /// <summary>Begins a build that was asked for with a Dockerfile.</summary>
    public void Start(string teamId, string templateId, string buildId)
    {
        var plan = store.Templates(rows =>
        {
            Find(rows, teamId, templateId, buildId);
            return rows.Plan(buildId);
        });
        Start(teamId, templateId, buildId, plan ?? throw new RuntimeException(
            RuntimeError.InvalidArgument, $"build '{buildId}' was asked for without a Dockerfile; start it with POST /v2/templates/{templateId}/builds/{buildId}"));
    }

    /// <summary>Begins a build that waits for its steps. Others of the same template are cancelled.</summary>
    public void Start(string teamId, string templateId, string buildId, BuildPlan plan)
    {
        ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
        ArgumentNullException.ThrowIfNull(plan);
        plan.Check();
        Expire(buildId);
        var now = time.GetUtcNow();
        var (template, build) = store.Templates(rows =>
        {
            var (template, build) = Find(rows, teamId, templateId, buildId);
            if (build.Status is not BuildStatus.Waiting) throw new RuntimeException(RuntimeError.InvalidArgument, "build is not in waiting state");
            build = build with { Status = BuildStatus.Building, UpdatedAt = now };
            rows.Save(build);
            return (template, build);
        });

        foreach (var other in running.Values.Where(other => other.TemplateId == template.Id)) other.Cancel("cancelled by a newer build of the template");
        var run = new RunningBuild(template.Id, new BuildLog(time), tools.Options.BuildTimeout, closing.Token);
        running[build.Id] = run;
        run.Task = RunAsync(template, build, plan, run);
    }

    /// <summary>A build and its log so far.</summary>
    public (BuildRecord Build, IReadOnlyList<BuildLogLine> Log) Get(string teamId, string templateId, string buildId)
    {
        Expire(buildId);
        // The log first: a build that ends in between has all its lines in the store.
        var live = running.TryGetValue(buildId, out var run) ? run.Log.Lines : null;
        return store.Templates(rows =>
        {
            var (_, build) = Find(rows, teamId, templateId, buildId);
            return (build, build.Status is BuildStatus.Building ? live ?? [] : rows.Logs(buildId));
        });
    }

    /// <summary>Removes a template with its builds and images.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: paused sandboxes still need it.</exception>
    public async Task DeleteTemplateAsync(string teamId, string idOrAlias, CancellationToken cancellationToken)
    {
        var template = store.Templates(rows => Templates.Own(rows, teamId, idOrAlias));
        if (sandboxes.Live.Any(sandbox => sandbox.Record.TemplateId == template.Id && sandbox.Record.State.IsStopped()))
            throw new RuntimeException(RuntimeError.InvalidArgument, $"cannot delete template '{idOrAlias}' because there are paused sandboxes using it");

        foreach (var run in running.Values.Where(run => run.TemplateId == template.Id).ToList())
        {
            run.Cancel("cancelled: the template is deleted");
            await run.Task.WaitAsync(cancellationToken);
        }

        store.Templates(rows => rows.Delete(template.Id));
        ended.Ring();
    }

    /// <summary>The loop that removes containers and images that no build and no template needs any more.</summary>
    internal async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pause = SweepEvery;
            try
            {
                await tools.Sandboxes.SweepAsync(cancellationToken);
                await RemoveImagesAsync(cancellationToken);
            }
            catch (RuntimeException failure) when (failure.Error is not RuntimeError.StoreUnusable)
            {
                Log.NotSwept(log, failure.Message);
                pause = SweepAgain;
            }

            var due = time.GetUtcNow() + pause;
            await ended.WaitAsync(() => due, cancellationToken);
        }
    }

    /// <summary>Ends every build, and begins no more.</summary>
    internal async Task CloseAsync()
    {
        await closing.CancelAsync();
        foreach (var run in running.Values) await run.Task;
        tools.Sandboxes.Dispose();
        tools.Files.Dispose();
    }

    private async Task RunAsync(TemplateRecord template, BuildRecord build, BuildPlan plan, RunningBuild run)
    {
        await Task.Yield(); // the caller is answered first
        Log.Begun(log, build.Id, template.Id);
        await using (var work = new TemplateBuild(tools, template, build, plan, run.Log))
        {
            BuildRecord finished;
            try
            {
                var result = await work.RunAsync(run.Token);
                finished = build with { Status = BuildStatus.Ready, Result = result };
            }
            catch (Exception failure)
            {
                var reason = failure switch
                {
                    OperationCanceledException => run.Reason ?? (closing.IsCancellationRequested
                        ? "the server stopped during the build; build it again"
                        : $"the build took longer than {tools.Options.BuildTimeout.TotalMinutes:0} minutes"),
                    BuildException or RuntimeException => failure.Message,
                    _ => "internal error; the server's log has it",
                };
                if (failure is not (OperationCanceledException or BuildException or RuntimeException)) Log.Broke(log, build.Id, failure);
                run.Log.Add(BuildLogLevel.Error, $"Build failed: {reason}", work.Step);
                finished = Failed(build, work.Step, reason);
                await work.DisposeAsync();
            }

            Finish(template.Id, finished with { FinishedAt = time.GetUtcNow(), UpdatedAt = time.GetUtcNow() }, run);
            Log.Ended(log, build.Id, template.Id, finished.Status, finished.Reason);
        }

        running.TryRemove(build.Id, out _);
        run.Dispose();
        ended.Ring();
        await PruneAsync(template.TeamId!);
    }

    private void Finish(string templateId, BuildRecord finished, RunningBuild run)
    {
        try
        {
            store.Templates(rows =>
            {
                rows.Save(finished);
                rows.SaveLogs(finished.Id, run.Log.Lines);
                if (finished.Status is BuildStatus.Ready && rows.Find(templateId) is { } template)
                    rows.Save(template with { BuildId = finished.Id, UpdatedAt = finished.UpdatedAt });
                return true;
            });
        }
        catch (RuntimeException failure)
        {
            // The next start of the server finds it unfinished and says so.
            Log.NotSaved(log, finished.Id, failure.Message);
        }
    }

    private async Task PruneAsync(string teamId)
    {
        try
        {
            await tools.Layers.PruneAsync(teamId, closing.Token);
        }
        catch (Exception failure) when (failure is RuntimeException or OperationCanceledException or ObjectDisposedException)
        {
            Log.NotSwept(log, failure.Message);
        }
    }

    /// <summary>Images that sandboxes still use stay until those have ended.</summary>
    private async Task RemoveImagesAsync(CancellationToken cancellationToken)
    {
        foreach (var build in store.Templates(rows => rows.SupersededBuilds()))
        {
            if (build.Result!.Image.StartsWith(ImageName.Own, StringComparison.Ordinal) && !await tools.Engine.RemoveImageAsync(build.Result.Image, cancellationToken)) continue;
            store.Templates(rows => rows.ForgetImage(build.Id));
        }
    }

    private void Expire(string buildId)
    {
        var now = time.GetUtcNow();
        store.Templates(rows =>
            rows.FindBuild(buildId) is { Status: BuildStatus.Waiting } build && build.CreatedAt + tools.Options.BuildPatience <= now
                ? rows.Save(Failed(build, null, "the build waited too long for its start"))
                : 0);
    }

    private static (TemplateRecord, BuildRecord) Find(TemplateRows rows, string teamId, string templateId, string buildId) =>
        rows.Find(templateId) is { } template && template.TeamId == teamId && rows.FindBuild(buildId) is { } build && build.TemplateId == template.Id
            ? (template, build)
            : throw new RuntimeException(RuntimeError.BuildNotFound, $"build '{buildId}' of template '{templateId}' not found");

    private BuildRecord Failed(BuildRecord build, string? step, string reason) => build with
    {
        Status = BuildStatus.Error, Step = step, Reason = reason, UpdatedAt = time.GetUtcNow(), FinishedAt = time.GetUtcNow(),
    };

    private void Save(BuildRecord build) => store.Templates(rows => rows.Save(build));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Build {BuildId} of template {TemplateId} begins")]
        public static partial void Begun(ILogger log, string buildId, string templateId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Build {BuildId} of template {TemplateId} is {Status} {Reason}")]
        public static partial void Ended(ILogger log, string buildId, string templateId, BuildStatus status, string? reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Build {BuildId} broke")]
        public static partial void Broke(ILogger log, string buildId, Exception failure);

        [LoggerMessage(Level = LogLevel.Error, Message = "The end of build {BuildId} could not be stored: {Failure}")]
        public static partial void NotSaved(ILogger log, string buildId, string failure);

        [LoggerMessage(Level = LogLevel.Warning, Message = "What builds left could not be removed: {Failure}")]
        public static partial void NotSwept(ILogger log, string failure);
    }

    /// <summary>A build under way.</summary>
    private sealed class RunningBuild : IDisposable
    {
        private readonly CancellationTokenSource stop;

        public RunningBuild(string templateId, BuildLog log, TimeSpan timeout, CancellationToken closing)
        {
            TemplateId = templateId;
            Log = log;
            stop = CancellationTokenSource.CreateLinkedTokenSource(closing);
            stop.CancelAfter(timeout);
            Token = stop.Token;
        }

        public string TemplateId { get; }

        public BuildLog Log { get; }

        public CancellationToken Token { get; }

        public string? Reason { get; private set; }

        public Task Task { get; set; } = Task.CompletedTask;

        public void Cancel(string reason)
        {
            Reason ??= reason;
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        public void Dispose() => stop.Dispose();
    }
}
