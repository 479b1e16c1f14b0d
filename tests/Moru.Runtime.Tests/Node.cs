using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Moru.Runtime.Tests;

/// <summary>A runtime on the in-memory engine under a fake clock, with a data directory of its own.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly List<MoruRuntime> opened = [];
    private readonly List<string> directories = [];

    private Node(InMemoryEngine engine, RuntimeOptions options)
    {
        Engine = engine;
        Options = options;
    }

    public InMemoryEngine Engine { get; }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

    public RuntimeOptions Options { get; private set; }

    public MoruRuntime Runtime { get; private set; } = null!;

    public Sandboxes Sandboxes => Runtime.Sandboxes;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Node> OpenAsync(Func<RuntimeOptions, RuntimeOptions>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("moru-runtime-").FullName;
        var envd = Path.Combine(directory, "envd-source");
        await File.WriteAllTextAsync(envd, "the agent", Cancel);
        var options = new RuntimeOptions { DataDirectory = Path.Combine(directory, "data"), EnvdPath = envd };
        var node = new Node(await InMemoryEngine.OpenAsync(), configure?.Invoke(options) ?? options);
        node.directories.Add(directory);
        await node.ReopenAsync();
        return node;
    }

    /// <summary>Stops the runtime, if it runs, and opens the same data directory again.</summary>
    public async Task ReopenAsync(Action? between = null)
    {
        if (Runtime is not null) await Runtime.DisposeAsync();
        between?.Invoke();
        Runtime = await MoruRuntime.OpenAsync(Options, Engine, Clock, NullLoggerFactory.Instance, Cancel);
        opened.Add(Runtime);
    }

    /// <summary>The same with other options.</summary>
    public Task ReopenWithAsync(Func<RuntimeOptions, RuntimeOptions> configure) => ReopenAsync(between: () => Options = configure(Options));

    /// <summary>Opens the data directory as a crash at this moment would leave it. The first runtime stays where it is.</summary>
    public async Task CrashAndReopenAsync()
    {
        var left = Directory.CreateTempSubdirectory("moru-crash-").FullName;
        directories.Add(left);
        foreach (var file in Directory.GetFiles(Options.DataDirectory, RuntimeStore.FileName + "*"))
            File.Copy(file, Path.Combine(left, Path.GetFileName(file)));
        Options = Options with { DataDirectory = left };
        Runtime = null!;
        await ReopenAsync();
    }

    public Task<SandboxRecord> CreateAsync(TimeSpan? timeout = null) =>
        Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base", Timeout = timeout }, Cancel);

    /// <summary>What the store says about a sandbox, whether or not it has ended.</summary>
    public SandboxRecord? Stored(string id)
    {
        // Beside the runtime's own connection: SQLite allows several.
        using var store = RuntimeStore.Open(Options.DataDirectory);
        return store.Load(id);
    }

    public async ValueTask DisposeAsync()
    {
        Engine.AgentsAreSilent = false;
        foreach (var runtime in opened) await runtime.DisposeAsync();
        await Engine.DisposeAsync();
        foreach (var directory in directories) Directory.Delete(directory, recursive: true);
    }
}
