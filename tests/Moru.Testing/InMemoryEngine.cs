using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Testing;

/// <summary>
/// An engine whose containers are entries of a table, for lifecycle rules under a fake clock. One real HTTP listener on loopback is
/// the agent of them all, so that the code that starts sandboxes runs as it is. It outlives runtimes, as an engine does.
/// </summary>
public sealed class InMemoryEngine : IContainerEngine
{
    private readonly ConcurrentDictionary<string, Entry> containers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, InitRequest> inits = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<DateTimeOffset> renewals = new();
    private readonly ConcurrentDictionary<string, int> removals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Channel<EngineEvent>, string> watchers = new();
    private readonly HashSet<string> images = new(StringComparer.Ordinal) { "moru/base:latest" };
    private readonly ConcurrentQueue<(StartRequest Start, string? User)> commands = new();
    private readonly WebApplication agent;
    private volatile bool down;
    private int lastId;
    private int freezes;
    private int thaws;
    private int metricsAsked;

    private InMemoryEngine(WebApplication agent) => this.agent = agent;

    /// <summary>Ids of the sandboxes that have a container, running or not.</summary>
    public IReadOnlyCollection<string> SandboxIds => [.. containers.Keys];

    /// <summary>What each sandbox was told at its start.</summary>
    public IReadOnlyDictionary<string, InitRequest> Inits => inits;

    /// <summary>Deadlines that agents were told after their start.</summary>
    public IReadOnlyCollection<DateTimeOffset> Renewals => renewals;

    /// <summary>Ids of the sandboxes whose container is frozen.</summary>
    public IReadOnlyCollection<string> FrozenIds => [.. containers.Where(pair => pair.Value.IsFrozen).Select(pair => pair.Key)];

    /// <summary>What each container was started with.</summary>
    public IReadOnlyCollection<ContainerSpec> Specs => [.. containers.Values.Select(entry => entry.Spec)];

    /// <summary>How often a container was frozen and let go on.</summary>
    public (int Freezes, int Thaws) Changes => (freezes, thaws);

    /// <summary>Commands that were run in containers. They all succeed, unless <see cref="OnCommand"/> says otherwise.</summary>
    public IReadOnlyCollection<(StartRequest Start, string? User)> Commands => commands;

    /// <summary>Decides how a command ends: its exit code and what it writes.</summary>
    public Func<StartRequest, Task<(int ExitCode, string Output)>>? OnCommand { get; set; }

    /// <summary>Images that registries have; a pull of any other fails.</summary>
    public ConcurrentDictionary<string, RegistryLogin?> Registry { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of the images that the engine has.</summary>
    public IReadOnlyCollection<string> Images
    {
        get
        {
            lock (images) return [.. images];
        }
    }

    /// <summary>Awaited before a container starts; null: nothing.</summary>
    public Func<ContainerSpec, Task>? BeforeStart { get; set; }

    /// <summary>Awaited before a container is frozen, to hold a pause where it is.</summary>
    public Func<Task>? BeforeFreeze { get; set; }

    /// <summary>The log that every agent has.</summary>
    public IReadOnlyList<ProcessLogEntry> Log { get; set; } = [];

    /// <summary>How often agents were asked for metrics.</summary>
    public int MetricsAsked => metricsAsked;

    /// <summary>How many answers to what agents are told get lost.</summary>
    public int LostAnswers { get; set; }

    /// <summary>Whether it limits what sandboxes write.</summary>
    public bool LimitsDisks { get; set; }

    /// <summary>What every container has written to its disk.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>While set, agents do not answer.</summary>
    public bool AgentsAreSilent { get; set; }

    public static async Task<InMemoryEngine> OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var agent = builder.Build();
        var engine = new InMemoryEngine(agent);
        agent.MapGet("/health", context => engine.AnswerAsync(context, _ => Task.CompletedTask));
        agent.MapGet("/metrics", engine.MetricsAsync);
        agent.MapGet("/logs", engine.LogsAsync);
        agent.MapPost("/init", context => engine.AnswerAsync(context, engine.InitAsync));
        agent.MapPost("/process.Process/Start", engine.RunAsync);
        agent.MapGet("/files", context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        agent.MapPost("/files", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            engine.WrittenBytes += body.Length;
            await context.Response.WriteAsync("[{\"name\":\"file\",\"path\":\"/file\",\"type\":\"file\"}]");
        });
        await agent.StartAsync();
        return engine;
    }

    public async Task<EngineContainer> StartAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        if (BeforeStart is { } hold) await hold(spec);
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDown();
        lock (images)
        {
            if (!images.Contains(spec.Image))
                throw new RuntimeException(RuntimeError.TemplateNotPrepared, $"Template '{spec.TemplateId}' has no image on this engine.");
        }

        var container = new EngineContainer($"memory-{Interlocked.Increment(ref lastId)}", AgentAddress(), "memory", LimitsDisks ? spec.Limits.DiskSizeMB : 0) { ImageEnv = EnvOf(spec.Image) };
        if (!containers.TryAdd(spec.SandboxId, new Entry(spec, container)))
            throw new RuntimeException(RuntimeError.StartFailed, $"Sandbox '{spec.SandboxId}' has a container already.");
        return container;
    }

    public async Task PauseAsync(string sandboxId, CancellationToken cancellationToken)
    {
        if (BeforeFreeze is { } hold) await hold();
        if (Turn(sandboxId, frozen: true)) Interlocked.Increment(ref freezes);
    }

    public Task<EngineContainer> ResumeAsync(string sandboxId, CancellationToken cancellationToken)
    {
        if (Turn(sandboxId, frozen: false)) Interlocked.Increment(ref thaws);
        return Task.FromResult(containers.GetValueOrDefault(sandboxId)?.Container ?? throw HasEnded(sandboxId));
    }

    public Task RemoveAsync(string sandboxId, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        if (containers.TryRemove(sandboxId, out var entry))
        {
            removals.AddOrUpdate(sandboxId, 1, (_, count) => count + 1);
            Tell(entry.Spec.OwnerId, new EngineEvent.Exited(sandboxId, 137));
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<OwnedContainer>> ListAsync(string ownerId, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult<IReadOnlyList<OwnedContainer>>(
            [.. containers.Where(pair => pair.Value.Spec.OwnerId == ownerId).Select(pair => new OwnedContainer(pair.Key, pair.Value.Container, pair.Value.IsFrozen))]);
    }

    public Task<bool> SharesNetworkAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult(false);
    }

    public Task<EngineNetwork> OpenNetworkAsync(string name, string dataDirectory, string? subnet, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string> DataRootAsync(CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult(Path.GetTempPath());
    }

    public async IAsyncEnumerable<EngineEvent> WatchAsync(string ownerId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var news = Channel.CreateUnbounded<EngineEvent>();
        watchers[news] = ownerId;
        try
        {
            yield return down ? new EngineEvent.Disconnected() : new EngineEvent.Connected();
            await foreach (var item in news.Reader.ReadAllAsync(cancellationToken)) yield return item;
        }
        finally
        {
            watchers.TryRemove(news, out _);
        }
    }

    public Task<string> CommitAsync(string sandboxId, string image, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        if (!containers.ContainsKey(sandboxId)) throw HasEnded(sandboxId);
        lock (images) images.Add(image);
        return Task.FromResult("id of " + image);
    }

    public Task<long> WrittenBytesAsync(string sandboxId, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        return Task.FromResult(WrittenBytes);
    }

    public Task<EngineImage?> FindImageAsync(string image, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        lock (images) return Task.FromResult(images.Contains(image) ? new EngineImage("id of " + image, EnvOf(image)) : null);
    }

    public async Task<EngineImage> PullAsync(string image, RegistryLogin? login, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        if (!Registry.TryGetValue(image, out var wanted) || (wanted is not null && wanted != login))
            throw new RuntimeException(RuntimeError.ImageUnavailable, $"failed to pull image '{image}': no such image, or no access");
        lock (images) images.Add(image);
        return (await FindImageAsync(image, cancellationToken))!;
    }

    public Task<bool> RemoveImageAsync(string image, CancellationToken cancellationToken)
    {
        ThrowIfDown();
        if (containers.Values.Any(entry => entry.Spec.Image == image)) return Task.FromResult(false);
        lock (images) images.Remove(image);
        return Task.FromResult(true);
    }

    /// <summary>How often the sandbox's container was really removed.</summary>
    public int RemovalsOf(string sandboxId) => removals.GetValueOrDefault(sandboxId);

    /// <summary>The container's first process ends; the container stays until somebody removes it.</summary>
    public void End(string sandboxId, int exitCode)
    {
        var entry = containers[sandboxId];
        containers[sandboxId] = entry with { Container = null, IsFrozen = false };
        Tell(entry.Spec.OwnerId, new EngineEvent.Exited(sandboxId, exitCode));
    }

    /// <summary>The container vanishes and nobody is told.</summary>
    public void Lose(string sandboxId) => containers.TryRemove(sandboxId, out _);

    public void DeleteImage(string image)
    {
        lock (images) images.Remove(image);
    }

    /// <summary>From now on every call fails; containers go on.</summary>
    public void GoDown()
    {
        down = true;
        TellAll(new EngineEvent.Disconnected());
    }

    public void ComeBack()
    {
        down = false;
        TellAll(new EngineEvent.Connected());
    }

    public ValueTask DisposeAsync() => agent.DisposeAsync();

    /// <returns>Whether that was a change.</returns>
    private bool Turn(string sandboxId, bool frozen)
    {
        ThrowIfDown();
        if (!containers.TryGetValue(sandboxId, out var entry) || entry.Container is null) throw HasEnded(sandboxId);
        return entry.IsFrozen != frozen && containers.TryUpdate(sandboxId, entry with { IsFrozen = frozen }, entry);
    }

    private static Dictionary<string, string> EnvOf(string image) => new() { ["FROM_IMAGE"] = image };

    private static RuntimeException HasEnded(string sandboxId) => new(RuntimeError.StartFailed, $"The container of sandbox '{sandboxId}' does not run.");

    private void ThrowIfDown()
    {
        if (down) throw new RuntimeException(RuntimeError.EngineUnavailable, "The in-memory engine does not answer.");
    }

    private void Tell(string ownerId, EngineEvent news)
    {
        foreach (var (watcher, owner) in watchers)
            if (owner == ownerId) watcher.Writer.TryWrite(news);
    }

    private void TellAll(EngineEvent news)
    {
        foreach (var watcher in watchers.Keys) watcher.Writer.TryWrite(news);
    }

    private EngineAddress AgentAddress()
    {
        var url = agent.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var uri = new Uri(url);
        return new EngineAddress(uri.Host, uri.Port);
    }

    private async Task AnswerAsync(HttpContext context, Func<HttpContext, Task> handle)
    {
        if (AgentsAreSilent)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await handle(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task RunAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var start = JsonSerializer.Deserialize(body.ToArray().AsSpan(Envelope.HeaderLength), EnvdJson.Default.StartRequest)!;
        var user = context.Request.Headers.Authorization.ToString() is { Length: > 6 } basic ? Encoding.UTF8.GetString(Convert.FromBase64String(basic[6..])).TrimEnd(':') : null;
        commands.Enqueue((start, user));

        context.Response.ContentType = "application/connect+json";
        await SendAsync(context, new ProcessEvent { Start = new ProcessStarted(7) });
        var (exitCode, output) = OnCommand is { } decide ? await decide(start).WaitAsync(context.RequestAborted) : (0, "");
        if (output.Length > 0) await SendAsync(context, new ProcessEvent { Data = new ProcessData { Stdout = Encoding.UTF8.GetBytes(output) } });
        await SendAsync(context, new ProcessEvent { End = new ProcessEnded { ExitCode = exitCode, Exited = true, Status = $"exit status {exitCode}" } });
        await WriteAsync(context, Envelope.EndStreamFlag, "{}"u8.ToArray());
    }

    private static Task SendAsync(HttpContext context, ProcessEvent happened) =>
        WriteAsync(context, 0, JsonSerializer.SerializeToUtf8Bytes(new StartResponse(happened), EnvdJson.Default.StartResponse));

    private static async Task WriteAsync(HttpContext context, byte flags, byte[] message)
    {
        var framed = new byte[Envelope.HeaderLength + message.Length];
        Envelope.WriteHeader(framed, flags, message.Length);
        message.CopyTo(framed, Envelope.HeaderLength);
        await context.Response.Body.WriteAsync(framed, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private Task MetricsAsync(HttpContext context)
    {
        var used = Interlocked.Increment(ref metricsAsked);
        var metrics = new EnvdMetrics
        {
            Timestamp = 0, CpuCount = 2, CpuUsedPercent = 12.5, MemoryTotalBytes = 512 << 20, MemoryUsedBytes = used, DiskUsedBytes = 1, DiskTotalBytes = 2,
        };
        return context.Response.WriteAsJsonAsync(metrics, EnvdJson.Default.EnvdMetrics, cancellationToken: context.RequestAborted);
    }

    private async Task LogsAsync(HttpContext context)
    {
        var cursor = long.Parse(context.Request.Query["cursor"]!, System.Globalization.CultureInfo.InvariantCulture);
        do
        {
            foreach (var entry in Log.Where(entry => entry.Sequence > cursor))
            {
                await context.Response.WriteAsync(System.Text.Json.JsonSerializer.Serialize(entry, EnvdJson.Default.ProcessLogEntry) + "\n", context.RequestAborted);
                cursor = entry.Sequence;
            }

            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (context.Request.Query["follow"] == "true") await Task.Delay(10, context.RequestAborted);
        }
        while (context.Request.Query["follow"] == "true");
    }

    private async Task InitAsync(HttpContext context)
    {
        var init = await context.Request.ReadFromJsonAsync(EnvdJson.Default.InitRequest, context.RequestAborted);
        if (init?.EnvVars is { } env) inits[env["MORU_SANDBOX_ID"]] = init;
        else if (init?.Deadline is { } deadline) renewals.Enqueue(deadline);
        if (LostAnswers-- > 0) context.Abort();
    }

    private sealed record Entry(ContainerSpec Spec, EngineContainer? Container, bool IsFrozen = false);
}
