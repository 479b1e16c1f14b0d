using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Owns a data directory and every sandbox recorded in it. Disposing leaves the sandboxes running, and the engine to its owner.</summary>
public sealed class MoruRuntime : IAsyncDisposable
{
    private readonly RuntimeData data;
    private readonly IContainerEngine engine;
    private readonly EngineWatch watch;
    private readonly SandboxStart start;
    private readonly SandboxNetwork network;
    private readonly VolumeDisks disks;
    private readonly RuntimeLoops loops;
    private readonly ILogger log;
    private int disposed;

    /// <summary>Puts everything together. What it is given is its own from then on, but for the engine.</summary>
    private MoruRuntime(RuntimeOptions options, RuntimeData data, EnvdCopies envd, string envdDigest, IContainerEngine engine, TimeProvider time, ILogger log)
    {
        var store = data.Store;
        this.data = data;
        this.engine = engine;
        this.log = log;
        (Options, Time) = (options, time);
        loops = new RuntimeLoops(log);

        Teams = new Teams(options, store, time);
        Credentials = new Credentials(store, Teams, time);
        Templates = new Templates(store, Teams, options, time);
        Files = new ContextFiles(store, options, data.Path, time);
        disks = new VolumeDisks(data.Path, options, log);
        network = new SandboxNetwork(options, data.Path, engine, OwnerId, time, log);
        start = new SandboxStart(engine, envd, disks, network, OwnerId);
        Sandboxes = new Sandboxes(options, store, engine, Teams, Templates, start, network, new AccessTokens(data.Seed), envdDigest, OwnerId, time, log);
        Sandboxes.Load();
        envd.RemoveAllBut(Sandboxes.Live.Select(sandbox => sandbox.Record.EnvdDigest).Append(envdDigest).ToHashSet());

        var tools = new BuildTools(
            Teams, Templates, Files, new BaseImages(store, engine), new LayerCache(store, engine, options, time),
            new BuildSandboxes(engine, network, options, envd.PathOf(envdDigest), OwnerId, time), engine, options, OwnerId);
        Builds = new TemplateBuilds(store, tools, Sandboxes, time, log);
        Volumes = new Volumes(options, store, disks, Sandboxes, time, log);
        TeamMetrics = new TeamMetrics(Sandboxes, store, time);
        Observations = new Observations(data.Observations);
        watch = new EngineWatch(Sandboxes, engine, store, options, OwnerId, time, log);
    }

    public RuntimeOptions Options { get; }

    public TimeProvider Time { get; }

    public Sandboxes Sandboxes { get; }

    public Templates Templates { get; }

    public TemplateBuilds Builds { get; }

    /// <summary>Files that builds copy.</summary>
    public ContextFiles Files { get; }

    public Volumes Volumes { get; }

    public Teams Teams { get; }

    /// <summary>API keys and access tokens.</summary>
    public Credentials Credentials { get; }

    public TeamMetrics TeamMetrics { get; }

    /// <summary>The key in the file <c>api-key</c> of the data directory.</summary>
    public string LocalKey { get; private set; } = "";

    public Observations Observations { get; }

    /// <summary>Whether the engine answered when it was last heard of.</summary>
    public bool EngineAnswers => !Sandboxes.EngineIsDown;

    /// <summary>Identifies this data directory to the engine; every container of ours is labelled with it.</summary>
    public string OwnerId => data.OwnerId;

    /// <summary>Opens a data directory and takes over the sandboxes in it. Succeeds while the engine is down.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="RuntimeError.DataDirectoryInUse"/>; <see cref="RuntimeError.StoreUnusable"/>; <see cref="RuntimeError.InvalidArgument"/>: no envd.
    /// </exception>
    public static async Task<MoruRuntime> OpenAsync(
        RuntimeOptions options, IContainerEngine engine, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var data = RuntimeData.Open(options.DataDirectory);
        MoruRuntime? runtime = null;
        try
        {
            var envd = new EnvdCopies(data.Path);
            var digest = await envd.AddAsync(options.EnvdPath, cancellationToken);
            runtime = new MoruRuntime(options, data, envd, digest, engine, time, logs.CreateLogger("Moru.Runtime"));
            runtime.LocalKey = await KeyFile.EnsureAsync(data.Path, runtime.Credentials, runtime.Teams.First, cancellationToken);
            await runtime.watch.TryReconcileAsync(cancellationToken);
            runtime.Begin();
            return runtime;
        }
        catch
        {
            if (runtime is null) data.Dispose();
            else await runtime.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc cref="IContainerEngine.DataRootAsync"/>
    public Task<string> EngineRootAsync(CancellationToken cancellationToken) => engine.DataRootAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await Sandboxes.CloseAsync();
        await Builds.CloseAsync();
        await loops.DisposeAsync();
        await Volumes.CloseAsync();
        disks.Dispose();
        Sandboxes.Instruments.Dispose();
        start.Dispose();
        await network.DisposeAsync();
        data.Dispose();
    }

    private void Begin()
    {
        var writer = new ObservationWriter(data.Observations, Time, log);
        var observers = new Observers(Sandboxes, start, data.Observations, writer, Time, log);
        Sandboxes.BeforeRemoval = observers.FinishAsync;
        loops.Begin("watch", watch.ListenAsync);
        loops.Begin("reconcile", watch.ReconcileAsync);
        loops.Begin("builds", Builds.CleanUpAsync);
        loops.Begin("network", network.WatchAsync);
        loops.Begin("reaper", new Reaper(Sandboxes, Time, log).RunAsync);
        loops.Begin("deadlines", new DeadlineNews(Sandboxes, start, Time, log).RunAsync);
        loops.Begin("team metrics", TeamMetrics.RunAsync);
        loops.Begin("volumes", Volumes.CountAsync);
        loops.Begin("observations", writer.RunAsync);
        loops.Begin("observers", observers.RunAsync);
    }
}
