using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>An engine that is killed while sandboxes try to get out leaves no gap, and neither does the next one.</summary>
public sealed class NetworkEngineCrash : IDisposable
{
    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Nothing_forbidden_arrives_while_the_engine_is_killed_and_started_again()
    {
        await using var engine = await OwnEngine.CreateAsync();
        await using var world = await World.StartAsync(engine.Place);
        foreach (var address in (IPAddress[])[world.Public, world.OtherPublic, world.Private, World.Metadata])
        {
            world.Listen(new IPEndPoint(address, 80), (_, _) => Task.CompletedTask);
            world.Receive(new IPEndPoint(address, 80), _ => null);
        }

        await using var server = McpProcess.StartUnder("ip netns exec " + engine.Place, data.Path, "serve --port 0 --no-https", ("DOCKER_HOST", engine.Address));
        await server.Output.ReadLineAsync(Cancel);
        using var client = Client();
        Sandbox[] sandboxes =
        [
            await Escape.StartAsync(client, new(), world.Private, World.Metadata),
            await Escape.StartAsync(client, new() { AllowInternetAccess = false }, world.OtherPublic, world.Private),
            await Escape.StartAsync(client, new() { Network = new() { AllowOut = ["good.test", "192.0.2.1"] } }, world.OtherPublic, World.Metadata),
        ];
        Task RoundsAsync() => Escape.RoundsAsync(sandboxes, async sandbox => (await sandbox.Commands.RunAsync(Escape.Count, cancellationToken: Cancel)).Stdout);

        await RoundsAsync();
        await engine.KillAsync();
        await RoundsAsync();
        await engine.StartAsync(keepsContainers: true);
        await RoundsAsync();

        Assert.Empty(world.Arrivals);
        Assert.Equal(sandboxes.Select(sandbox => sandbox.SandboxId).Order(), await RunningAsync(client));
        await sandboxes[1].SetNetworkAsync(allowOut: [$"{world.Public}"], cancellationToken: Cancel);
        foreach (var sandbox in sandboxes[..2]) await VisitAsync(sandbox, world.Public);
        Assert.Equal([world.Public, world.Public], world.Arrivals.Select(arrival => arrival.At.Address));

        await engine.KillAsync();
        await RoundsAsync();
        await engine.StartAsync(keepsContainers: false);

        await Eventually.TrueAsync(async () => (await RunningAsync(client)).Count == 0);
        await Eventually.TrueAsync(async () => (await EndsAsync()).SequenceEqual(Enumerable.Repeat("error", sandboxes.Length)));
        await Assert.ThrowsAsync<NotFoundException>(() => client.ConnectSandboxAsync(sandboxes[0].SandboxId, cancellationToken: Cancel));
        await using var next = await Escape.StartAsync(client, new(), world.Private, World.Metadata);
        await Escape.RoundsAsync([next], async sandbox => (await sandbox.Commands.RunAsync(Escape.Count, cancellationToken: Cancel)).Stdout);
        await VisitAsync(next, world.Public);
        Assert.Equal([world.Public, world.Public, world.Public], world.Arrivals.Select(arrival => arrival.At.Address));
    }

    private static Task<CommandResult> VisitAsync(Sandbox sandbox, IPAddress address) => sandbox.Commands.RunAsync($": < /dev/tcp/{address}/80", cancellationToken: Cancel);

    private static async Task<List<string>> RunningAsync(MoruClient client)
    {
        var ids = new List<string>();
        await foreach (var sandbox in client.ListSandboxesAsync(cancellationToken: Cancel)) ids.Add(sandbox.SandboxId);
        return [.. ids.Order()];
    }

    private MoruClient Client() => new(new MoruOptions { ApiUrl = new Uri("unix:" + Path.Combine(data.Path, "moru.sock")), ApiKey = Key });

    private string Key => File.ReadAllText(Path.Combine(data.Path, "api-key")).Trim();

    /// <summary>Why the sandboxes ended that have ended.</summary>
    private async Task<IEnumerable<string?>> EndsAsync()
    {
        using var api = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://localhost"), DefaultRequestHeaders = { { "X-API-Key", Key } } };
        var runs = await api.GetFromJsonAsync<JsonElement>("/v2/sandbox-runs", Cancel);
        return runs.EnumerateArray().Select(run => run.TryGetProperty("endReason", out var reason) ? reason.GetString() : null);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(data.Path, "moru.sock")), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
