using System.Diagnostics;
using System.Globalization;

namespace Moru.Runtime;

/// <summary>One build from its base to the template's image. Where it stands is in <see cref="Step"/>.</summary>
internal sealed class TemplateBuild(BuildTools tools, TemplateRecord template, BuildRecord build, BuildPlan plan, BuildLog log) : IAsyncDisposable
{
    private const string BaseStep = "base";
    private const string FinalStep = "finalize";
    private const string DefaultReady = "sleep 20";

    private static readonly TimeSpan ReadyPause = TimeSpan.FromSeconds(2);

    // More than this is not written twice to spare a start.
    private const long SmallLayer = 16 << 20;

    private readonly BuildDisk disk = new(tools.Engine, tools.Teams.LimitsOf(template.TeamId!).DiskSizeMB);
    private readonly List<Task> removals = [];
    private BuildContext context = new();
    private BuildSandbox? sandbox;
    private string image = "";
    private string key = "";
    private long? written;
    private bool mayReuse = !plan.Force;

    /// <summary>The step that runs: <c>base</c>, a number from 1, or <c>finalize</c>.</summary>
    public string Step { get; private set; } = BaseStep;

    private string Team => template.TeamId!;

    public async Task<BuildResult> RunAsync(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        log.Add(BuildLogLevel.Info, $"Building template {template.Id}/{build.Id}");
        var inherited = await BaseAsync(cancellationToken);
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            Step = (i + 1).ToString(CultureInfo.InvariantCulture);
            await StepAsync(plan.Steps[i], $"builder {i + 1}/{plan.Steps.Count}", cancellationToken);
        }

        Step = FinalStep;
        // A start command of its own does not wait for what the other one needed.
        var start = plan.StartCommand ?? inherited?.StartCommand;
        var ready = plan.ReadyCommand ?? (plan.StartCommand is null ? inherited?.ReadyCommand : null);
        var final = await FinishAsync(start, ready, cancellationToken);
        log.Add(BuildLogLevel.Info, $"Build finished, took {Stopwatch.GetElapsedTime(begun).TotalSeconds:0}s");
        return new BuildResult(final, context with { Arguments = new Dictionary<string, string>() }, start, ready);
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await Task.WhenAll(removals);
    }

    private Task<BuildResult?> BaseAsync(CancellationToken cancellationToken) =>
        plan.FromTemplate is { } name ? FromTemplateAsync(name, cancellationToken) : FromImageAsync(cancellationToken);

    private async Task<BuildResult?> FromTemplateAsync(string name, CancellationToken cancellationToken)
    {
        var parent = tools.Templates.Find(Team, Templates.Name(name)) ?? throw new BuildException($"template '{name}' not found");
        var result = parent.Current?.Result ?? throw new BuildException($"template '{name}' has no successful build");
        var found = await tools.Engine.FindImageAsync(result.Image, cancellationToken) ?? throw new BuildException($"template '{name}' has no image on this server; run './moru doctor', which says how to make it");
        log.Add(BuildLogLevel.Info, $"[base] FROM TEMPLATE {name}", BaseStep);
        // Of a template that is built in, the image alone knows it.
        context = result.Context with { Env = new Dictionary<string, string>([.. found.Env.Where(pair => !result.Context.Env.ContainsKey(pair.Key)), .. result.Context.Env]) };
        (image, key) = (result.Image, LayerCache.FirstKey(found.Id, context));
        return result;
    }

    private async Task<BuildResult?> FromImageAsync(CancellationToken cancellationToken)
    {
        var name = ImageName.Resolve(plan.FromImage!);
        var found = await tools.BaseImages.GetAsync(Team, name, plan, cancellationToken);
        context = new BuildContext { Env = found.Env };
        (image, key) = (name, LayerCache.FirstKey(found.Id, context));

        var cached = mayReuse ? await tools.Layers.FindAsync(Team, key, cancellationToken) : null;
        log.Add(BuildLogLevel.Info, $"{(cached is null ? "" : "CACHED ")}[base] FROM {plan.FromImage} [{Short(key)}]", BaseStep);
        if (cached is not null)
        {
            image = cached.Image;
            return null;
        }

        var at = await SandboxAsync(cancellationToken);
        var user = new Dictionary<string, string> { ["MORU_USER"] = BuildContext.FirstUser, ["MORU_SUDO"] = "true" };
        await disk.HoldAsync(at, limit => at.ScriptAsync($"FROM {plan.FromImage}", BuildScripts.Base, user, limit), cancellationToken);
        await KeepAsync(cancellationToken);
        return null;
    }

    private async Task StepAsync(BuildStep step, string prefix, CancellationToken cancellationToken)
    {
        var files = step.FilesHash is { } hash && BuildSteps.TakesFiles(step) ? tools.Files.Find(Team, hash) : null;
        key = LayerCache.NextKey(key, step, files?.Digest);
        mayReuse &= !step.Force;
        var cached = mayReuse ? await tools.Layers.FindAsync(Team, key, cancellationToken) : null;
        log.Add(BuildLogLevel.Info, $"{(cached is null ? "" : "CACHED ")}[{prefix}] {step.Text} [{Short(key)}]", Step);
        if (cached is not null)
        {
            (image, context) = (cached.Image, cached.Context);
            return;
        }

        // What follows runs on the new layer, whatever another build once made of the same steps.
        mayReuse = false;
        await using var content = files is null ? null : tools.Files.Open(files);
        var at = await SandboxAsync(cancellationToken);
        context = await disk.HoldAsync(at, limit => BuildSteps.RunAsync(step, content, context, at, Write, limit), cancellationToken);
        if (BuildSteps.WritesDisk(step)) await KeepAsync(cancellationToken);
        else tools.Layers.Add(Team, new CachedLayer(key, image, context));

        void Write(bool isError, string line) =>
            log.AddOutput(BuildLogLevel.Info, $"[{prefix}] [{(isError ? "stderr" : "stdout")}]: {line}", Step);
    }

    /// <summary>Makes the template's image, and proves that its start command works in it.</summary>
    private async Task<string> FinishAsync(string? start, string? ready, CancellationToken cancellationToken)
    {
        // A start command is proved where no process of a step goes on.
        var at = written < SmallLayer && start is null && ready is null ? sandbox! : await SandboxAsync(cancellationToken);
        await at.ScriptAsync(
            "finalize", BuildScripts.Finish, new Dictionary<string, string> { ["MORU_TEMPLATE"] = template.Id, ["MORU_BUILD"] = build.Id }, cancellationToken);
        var final = $"{tools.ImagePrefix}image:{build.Id}";
        await tools.Engine.CommitAsync(at.Id, final, cancellationToken);
        try
        {
            await CheckStartAsync(at, start, ready, cancellationToken);
            return final;
        }
        catch
        {
            await DisposeAsync();
            await tools.Engine.RemoveImageAsync(final, CancellationToken.None);
            throw;
        }
    }

    private async Task CheckStartAsync(BuildSandbox at, string? start, string? ready, CancellationToken cancellationToken)
    {
        if (start is null && ready is null) return;
        if (start is not null) log.Add(BuildLogLevel.Info, $"Running start command: {start}", FinalStep);
        var check = ready ?? DefaultReady;
        log.Add(BuildLogLevel.Info, $"Waiting for template to be ready: {check}", FinalStep);

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(tools.Options.ReadyTimeout);
        try
        {
            var commands = new StartupCommands(at.Agent, context.User, context.Workdir, context.Everything());
            await disk.HoldAsync(at, limit => commands.RunAsync(start, check, ReadyPause, Write, limit), bound.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BuildException($"the template was not ready within {tools.Options.ReadyTimeout.TotalSeconds:0} s: '{check}' did not succeed");
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.StartFailed)
        {
            throw new BuildException(failure.Message, failure);
        }

        log.Add(BuildLogLevel.Info, "Template is ready", FinalStep);

        void Write(bool isError, string line) => log.AddOutput(BuildLogLevel.Info, $"[start] [{(isError ? "stderr" : "stdout")}]: {line}", FinalStep);
    }

    /// <summary>A sandbox of the layers so far. Each layer holds its own step alone: what ran in the last one's sandbox stays there.</summary>
    private async Task<BuildSandbox> SandboxAsync(CancellationToken cancellationToken)
    {
        if (written is not null) Close();
        return sandbox ??= await tools.Sandboxes.OpenAsync(template.Id, image, build.CpuCount, build.MemoryMB, disk.LimitMB, cancellationToken);
    }

    /// <summary>Makes a layer of what the step did.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        written = await disk.AddAsync(sandbox!, cancellationToken);
        var layer = $"{tools.ImagePrefix}layer:{Guid.NewGuid():N}";
        await tools.Engine.CommitAsync(sandbox!.Id, layer, cancellationToken);
        image = layer;
        tools.Layers.Add(Team, new CachedLayer(key, layer, context));
    }

    /// <summary>Nobody waits for the removal before the build has ended.</summary>
    private void Close()
    {
        if (sandbox is not null) removals.Add(sandbox.DisposeAsync().AsTask());
        (sandbox, written) = (null, null);
    }

    private static string Short(string key) => key[..32];
}

/// <summary>What every build works with.</summary>
internal sealed record BuildTools(
    Teams Teams, Templates Templates, ContextFiles Files, BaseImages BaseImages, LayerCache Layers, BuildSandboxes Sandboxes, IContainerEngine Engine, RuntimeOptions Options, string OwnerId)
{
    /// <summary>How the names of images that builds make begin; several servers may share an engine.</summary>
    public string ImagePrefix { get; } = $"{ImageName.Own}{OwnerId}/";
}
