using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Owns a data directory and every sandbox recorded in it. Disposing leaves the sandboxes running, and the engine to its owner.</summary>
public sealed partial class MoruRuntime : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly IContainerEngine engine;
    private readonly DataDirectory directory;
    private readonly RuntimeStore store;
    private readonly ObservationStore observations;
    private readonly SandboxStart start;
    private readonly SandboxNetwork network;
    private readonly VolumeDisks disks;
    private readonly ILogger log;
    private Task loops = Task.CompletedTask;
    private int disposed;

    private MoruRuntime(
        RuntimeOptions options, TimeProvider time, IContainerEngine engine, DataDirectory directory, RuntimeStore store, ObservationStore observations, SandboxStart start, SandboxNetwork network, VolumeDisks disks, Sandboxes sandboxes,
        Templates templates, Volumes volumes, Teams teams, TeamMetrics metrics, Credentials credentials, string localKey, string ownerId, ILogger log)
    {
        Options = options;
        Time = time;
        this.engine = engine;
        this.directory = directory;
        this.store = store;
        this.observations = observations;
        Observations = new Observations(observations);
        this.start = start;
        this.network = network;
        this.disks = disks;
        this.log = log;
        Sandboxes = sandboxes;
        Templates = templates;
        Volumes = volumes;
        Teams = teams;
        Credentials = credentials;
        TeamMetrics = metrics;
        LocalKey = localKey;
        OwnerId = ownerId;
    }

    public RuntimeOptions Options { get; }

    public TimeProvider Time { get; }

    public Sandboxes Sandboxes { get; }

    public Templates Templates { get; }

    public Volumes Volumes { get; }

    public Teams Teams { get; }

    /// <summary>API keys and access tokens.</summary>
    public Credentials Credentials { get; }

    public TeamMetrics TeamMetrics { get; }

    /// <summary>The key in the file <c>api-key</c> of the data directory.</summary>
    public string LocalKey { get; }

    public Observations Observations { get; }

    /// <summary>Whether the engine answered when it was last heard of.</summary>
    public bool EngineAnswers => !Sandboxes.EngineIsDown;

    /// <summary>Identifies this data directory to the engine; every container of ours is labelled with it.</summary>
    public string OwnerId { get; }

    /// <summary>Opens a data directory and takes over the sandboxes in it. Succeeds while the engine is down.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="RuntimeError.DataDirectoryInUse"/>; <see cref="RuntimeError.StoreUnusable"/>; <see cref="RuntimeError.InvalidArgument"/>: no envd.
    /// </exception>
    public static async Task<MoruRuntime> OpenAsync(
        RuntimeOptions options, IContainerEngine engine, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var log = logs.CreateLogger("Moru.Runtime");
        var directory = DataDirectory.Open(options.DataDirectory);
        RuntimeStore? store = null;
        ObservationStore? observations = null;
        try
        {
            var envd = new EnvdCopies(directory.Path);
            var digest = await envd.AddAsync(options.EnvdPath, cancellationToken);
            store = RuntimeStore.Open(directory.Path);
            observations = ObservationStore.Open(directory.Path);
            var ownerId = Encoding.ASCII.GetString(
                store.Setting("owner", () => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(16, lowercase: true))));
            var tokens = new AccessTokens(store.Setting("seed", () => RandomNumberGenerator.GetBytes(32)));

            var teams = new Teams(options, store, time);
            var credentials = new Credentials(store, teams, time);
            var key = await KeyFile.EnsureAsync(directory.Path, credentials, teams.First, cancellationToken);
            var templates = new Templates();
            var disks = new VolumeDisks(directory.Path, options, log);
            var network = new SandboxNetwork(options, directory.Path, engine, ownerId, time, log);
            var start = new SandboxStart(engine, envd, disks, network, ownerId);
            var sandboxes = new Sandboxes(options, store, engine, teams, templates, start, network, tokens, digest, ownerId, time, log);
            sandboxes.Load();
            envd.RemoveAllBut(sandboxes.Live.Select(sandbox => sandbox.Record.EnvdDigest).Append(digest).ToHashSet());

            var volumes = new Volumes(options, store, disks, sandboxes, time, log);
            var metrics = new TeamMetrics(sandboxes, store, time);
            var runtime = new MoruRuntime(options, time, engine, directory, store, observations, start, network, disks, sandboxes, templates, volumes, teams, metrics, credentials, key, ownerId, log);
            var watch = new EngineWatch(sandboxes, engine, store, options, ownerId, time, log);
            await watch.TryReconcileAsync(cancellationToken);
            var writer = new ObservationWriter(observations, time, log);
            var observers = new Observers(sandboxes, start, observations, writer, time, log);
            sandboxes.BeforeRemoval = observers.FinishAsync;
            runtime.Begin(watch, new Reaper(sandboxes, time, log), new DeadlineNews(sandboxes, start, time, log), writer, observers);
            return runtime;
        }
        catch
        {
            observations?.Dispose();
            store?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="IContainerEngine.DataRootAsync"/>
    public Task<string> EngineRootAsync(CancellationToken cancellationToken) => engine.DataRootAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await Sandboxes.CloseAsync();
        await stopping.CancelAsync();
        await loops;
        await Volumes.CloseAsync();
        disks.Dispose();
        Sandboxes.Instruments.Dispose();
        start.Dispose();
        await network.DisposeAsync();
        observations.Dispose();
        store.Dispose();
        directory.Dispose();
        stopping.Dispose();
    }

    private void Begin(EngineWatch watch, Reaper reaper, DeadlineNews deadlines, ObservationWriter writer, Observers observers)
    {
        var token = stopping.Token;
        loops = Task.WhenAll(
            GuardAsync("watch", () => watch.ListenAsync(token)),
            GuardAsync("reconcile", () => watch.ReconcileAsync(token)),
            GuardAsync("network", () => network.WatchAsync(token)),
            GuardAsync("reaper", () => reaper.RunAsync(token)),
            GuardAsync("deadlines", () => deadlines.RunAsync(token)),
            GuardAsync("team metrics", () => TeamMetrics.RunAsync(token)),
            GuardAsync("volumes", () => Volumes.CountAsync(token)),
            GuardAsync("observations", () => writer.RunAsync(token)),
            GuardAsync("observers", () => observers.RunAsync(token)));
    }

    /// <summary>A loop that fails is started again, after a pause so that it cannot spin.</summary>
    private async Task GuardAsync(string name, Func<Task> loop)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await loop();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Log.LoopFailed(log, name, failure);
                await Task.Delay(TimeSpan.FromSeconds(1), stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The loop '{Name}' failed and starts again")]
        public static partial void LoopFailed(ILogger log, string name, Exception failure);
    }
}
