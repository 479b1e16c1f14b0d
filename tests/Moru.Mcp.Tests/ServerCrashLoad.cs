using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using Moru.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>A server that is killed with SIGKILL again and again, at random moments of a mixed load, and the next one each time.</summary>
public sealed class ServerCrashLoad : IDisposable
{
    private const int Rounds = 100, Slots = 4;

    private readonly TemporaryDirectory data = new();
    private readonly SocketsHttpHandler handler;

    public ServerCrashLoad() => handler = new SocketsHttpHandler { ConnectCallback = DialAsync, UseProxy = false };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        handler.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task A_hundred_crashes_lose_no_sandbox_and_leave_no_container()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var slots = Enumerable.Range(0, Slots).Select(i => new CrashSlot($"slot-{i}", seed + i)).ToList();
        var begun = Stopwatch.StartNew();
        var round = 0;
        try
        {
            for (; round < Rounds; round++)
            {
                await using var server = await ServeAsync();
                using var api = Api();
                using var envd = new HttpClient(handler, disposeHandler: false);
                await CompareAsync(api, slots);
                var load = Task.WhenAll(slots.Select(slot => slot.RunAsync(api, envd)));
                await Task.Delay(random.Next(10, 400), Cancelled); // not a wait for something: the moment of the crash is the input
                await server.KillAsync();
                await load.WaitAsync(Eventually.Limit, Cancelled);
                Check("moru.db");
                Check("observations.db");
            }
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {round} rounds in {begun.Elapsed.TotalSeconds:0} s");
            await using var last = await ServeAsync();
            using var api = Api();
            foreach (var sandbox in await ListAsync(api)) await api.DeleteAsync($"sandboxes/{sandbox.SandboxId}", CancellationToken.None);
        }
    }

    /// <summary>Records, containers and what was confirmed agree.</summary>
    private async Task CompareAsync(HttpClient api, IReadOnlyList<CrashSlot> slots)
    {
        var listed = await ListAsync(api);
        foreach (var slot in slots) slot.Compare(listed);
        var owner = Owner();
        await Eventually.TrueAsync(
            async () => (await DockerAsync("ps", "--all", "--filter", $"label=moru={owner}", "--format", "{{.Names}}"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet().SetEquals((await ListAsync(api)).Select(sandbox => "moru-" + sandbox.SandboxId)),
            "every container has an owner, and every sandbox its container");
    }

    /// <summary>The label that the containers of this data directory carry.</summary>
    private string Owner()
    {
        using var connection = Open("moru.db");
        using var read = connection.CreateCommand();
        read.CommandText = "SELECT value FROM settings WHERE name = 'owner'";
        return Encoding.ASCII.GetString((byte[])read.ExecuteScalar()!);
    }

    private void Check(string file)
    {
        using var connection = Open(file);
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", check.ExecuteScalar());
    }

    private SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(data.Path, file)};Pooling=False");
        connection.Open();
        return connection;
    }

    private static async Task<IReadOnlyList<ListedSandbox>> ListAsync(HttpClient api) =>
        (await api.GetFromJsonAsync("v2/sandboxes", ApiJson.Default.IReadOnlyListListedSandbox, CancellationToken.None))!;

    private async Task<McpProcess> ServeAsync()
    {
        var server = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        await server.Output.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        return server;
    }

    private HttpClient Api() => new(handler, disposeHandler: false)
    {
        BaseAddress = new Uri("http://localhost/"), DefaultRequestHeaders = { { Headers.ApiKey, File.ReadAllText(Path.Combine(data.Path, "api-key")).Trim() } },
    };

    private async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(data.Path, "moru.sock")), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Task<string> DockerAsync(params string[] arguments) => Shell.RunAsync(["docker", .. arguments]);
}
