using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Moru.Runtime;

/// <summary>Owns a data directory and every sandbox recorded in it. Disposing leaves the sandboxes running, and the engine to its owner.</summary>
public sealed partial class MoruRuntime : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly DataDirectory directory;
    private readonly RuntimeStore store;
    private readonly SandboxStart start;
    private readonly ILogger log;
    private Task loops = Task.CompletedTask;
    private int disposed;

    private MoruRuntime(
        DataDirectory directory, RuntimeStore store, SandboxStart start, Sandboxes sandboxes, Templates templates, TemplateBuilds builds, ContextFiles files, ApiKeys keys, string ownerId, ILogger log)
    {
        this.directory = directory;
        this.store = store;
        this.start = start;
        this.log = log;
        Sandboxes = sandboxes;
        Templates = templates;
        Builds = builds;
        Files = files;
        Keys = keys;
        OwnerId = ownerId;
    }

    public Sandboxes Sandboxes { get; }

    public Templates Templates { get; }

    public TemplateBuilds Builds { get; }

    /// <summary>Files that builds copy.</summary>
    public ContextFiles Files { get; }

    public ApiKeys Keys { get; }

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
        try
        {
            var envd = new EnvdCopies(directory.Path);
            var digest = await envd.AddAsync(options.EnvdPath, cancellationToken);
            store = RuntimeStore.Open(directory.Path);
            var ownerId = Encoding.ASCII.GetString(
                store.Setting("owner", () => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(16, lowercase: true))));
            var tokens = new AccessTokens(store.Setting("seed", () => RandomNumberGenerator.GetBytes(32)));

            var templates = new Templates(store, options, time);
            var files = new ContextFiles(store, options, directory.Path, time);
            var start = new SandboxStart(engine, envd, ownerId);
            var sandboxes = new Sandboxes(options, store, engine, templates, start, tokens, digest, ownerId, time, log);
            sandboxes.Load();
            var tools = new BuildTools(
                templates, files, new BaseImages(store, engine), new LayerCache(store, engine, options, time),
                new BuildSandboxes(engine, options, envd.PathOf(digest), ownerId, time), engine, options, ownerId);
            var builds = new TemplateBuilds(store, tools, sandboxes, time, log);
            envd.RemoveAllBut(sandboxes.Live.Select(sandbox => sandbox.Record.EnvdDigest).Append(digest).ToHashSet());

            var runtime = new MoruRuntime(directory, store, start, sandboxes, templates, builds, files, new ApiKeys(store, directory.Path, time), ownerId, log);
            var watch = new EngineWatch(sandboxes, engine, store, options, ownerId, time, log);
            await watch.TryReconcileAsync(cancellationToken);
            runtime.Begin(watch, new Reaper(sandboxes, time, log), new DeadlineNews(sandboxes, start, time, log));
            return runtime;
        }
        catch
        {
            store?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await Sandboxes.CloseAsync();
        await Builds.CloseAsync();
        await stopping.CancelAsync();
        await loops;
        start.Dispose();
        store.Dispose();
        directory.Dispose();
        stopping.Dispose();
    }

    private void Begin(EngineWatch watch, Reaper reaper, DeadlineNews deadlines)
    {
        var token = stopping.Token;
        loops = Task.WhenAll(
            GuardAsync("watch", () => watch.ListenAsync(token)),
            GuardAsync("reconcile", () => watch.ReconcileAsync(token)),
            GuardAsync("builds", () => Builds.CleanUpAsync(token)),
            GuardAsync("reaper", () => reaper.RunAsync(token)),
            GuardAsync("deadlines", () => deadlines.RunAsync(token)));
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
