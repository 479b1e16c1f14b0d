using System.Diagnostics;
using System.Globalization;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Moru.Testing;

namespace Moru.Bench;

/// <summary>What a tool call adds to the SDK's call that it makes, and what ten thousand of them leave behind.</summary>
internal static class McpCalls
{
    private const int Many = 10_000;
    private const string Tool = "list_sandboxes";

    // The runtime compiles what is called often a second time, which calls must not wait for.
    private const int WarmUps = 200;

    /// <summary>That of the package when <c>MORU_MCP</c> names it, else that of an ordinary build.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable("MORU_MCP") ?? Path.Combine(Artifacts.Root, "src/Moru.Mcp/bin/Release/net10.0/moru-mcp");

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
        var data = Path.GetDirectoryName(bench.Server.SocketPath)!;
        using var overStdio = Start(data, "");
        using var overHttp = Start(data, "http --port 0");
        try
        {
            await using var stdio = await McpClient.CreateAsync(new StreamClientTransport(overStdio.StandardInput.BaseStream, overStdio.StandardOutput.BaseStream), cancellationToken: cancellationToken);
            var url = new Uri((await overHttp.StandardOutput.ReadLineAsync(cancellationToken))!.Split(' ')[3].TrimEnd(','));
            await using var http = await McpClient.CreateAsync(
                new HttpClientTransport(new HttpClientTransportOptions { Endpoint = url, AdditionalHeaders = new Dictionary<string, string> { ["X-API-Key"] = bench.Server.ApiKey } }), cancellationToken: cancellationToken);
            Console.WriteLine($"{Program}\n");
            foreach (var (way, client) in new[] { ("stdio", stdio), ("HTTP", http) })
            {
                for (var i = 0; i < WarmUps; i++) await CallAsync(client, cancellationToken);
                await Comparisons.InTurnsAsync(
                    $"tools/call over {way}", ("the SDK's list of sandboxes", () => ListAsync(bench, cancellationToken)), ($"{Tool} over {way}", () => CallAsync(client, cancellationToken)), samples, "at most 2 ms more");
            }

            await RepeatAsync("stdio", stdio, overStdio, cancellationToken);
            await RepeatAsync("HTTP", http, overHttp, cancellationToken);
        }
        finally
        {
            overStdio.Kill();
            overHttp.Kill();
        }
    }

    private static async Task RepeatAsync(string way, McpClient client, Process server, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Many / 10; i++) await CallAsync(client, cancellationToken);
        var before = ProcessMemory.ResidentMiB(server.Id);
        for (var i = 0; i < Many; i++) await CallAsync(client, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory of the server over {way}: {before:0} MiB after {Many / 10} calls, {ProcessMemory.ResidentMiB(server.Id):0} MiB after {Many} more\n"));
    }

    private static async Task ListAsync(Setup bench, CancellationToken cancellationToken)
    {
        await foreach (var _ in bench.Client.ListSandboxesAsync(cancellationToken: cancellationToken))
        {
            // Only the way there and back is of interest.
        }
    }

    private static async Task CallAsync(McpClient client, CancellationToken cancellationToken)
    {
        if ((await client.CallToolAsync(Tool, cancellationToken: cancellationToken)).IsError == true) throw new InvalidOperationException($"{Tool} failed");
    }

    public static Process Start(string data, string arguments) => Process.Start(new ProcessStartInfo(Program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        Environment = { ["MORU_DATA_DIR"] = data, ["MORU_API_URL"] = null, ["MORU_SESSION"] = null },
    })!;
}
