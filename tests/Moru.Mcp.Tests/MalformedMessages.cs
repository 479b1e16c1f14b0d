using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Lines that are not what the protocol says, by the hundred thousand, to the real program. More: <c>MORU_FUZZ_MESSAGES</c>.</summary>
public sealed class MalformedMessages : IDisposable
{
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("MORU_FUZZ_MESSAGES") ?? "100000", CultureInfo.InvariantCulture);

    internal static readonly string[] Seeds =
    [
        """{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}""",
        """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"kill_sandbox","arguments":{"sandbox_id":"x"},"_meta":{"progressToken":7}}}""",
        """{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"moru://sandboxes/x/files/etc?offset=1&length=2"}}""",
        """{"jsonrpc":"2.0","id":4,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"inspect_sandbox"},"argument":{"name":"sandbox_id","value":"i"}}}""",
        """{"jsonrpc":"2.0","id":5,"method":"prompts/get","params":{"name":"long_job","arguments":{"job":"x"}}}""",
        """{"jsonrpc":"2.0","id":6,"method":"resources/subscribe","params":{"uri":"moru://sandboxes"}}""",
        """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2,"reason":"r"}}""",
        """{"jsonrpc":"2.0","id":8,"method":"logging/setLevel","params":{"level":"debug"}}""",
        """{"jsonrpc":"2.0","id":9,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}""",
        """{"jsonrpc":"2.0","id":10,"result":{"action":"accept"}}""",
    ];

    private const int InternalError = -32603;

    private const string Characters = "{}[]\",:0-\\ex\u0001ü";

    private static readonly string[] Odd = ["null", "[]", "7", "\"x\"", "{\"\":{"];

    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Whatever_comes_is_answered_with_json_rpc_and_the_next_request_as_ever()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("DOCKER_HOST", "unix:///nonexistent/docker.sock"), ("MORU_LOG", "none"));
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");

        await Task.WhenAll(WriteAsync(mcp), ReadAsync(mcp));

        Assert.InRange(mcp.PeakMemoryMB(), 1, 400);
        Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    /// <summary>Returns with the answer to the last request.</summary>
    private static async Task ReadAsync(McpProcess mcp)
    {
        string? answered = null;
        var internals = new List<string>();
        while (answered != "last")
        {
            var line = await mcp.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
            Assert.True(line is not null, $"the server has ended: {mcp.Errors}");
            var message = JsonElement.Parse(line);
            Assert.Equal("2.0", message.GetProperty("jsonrpc").GetString());
            Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
            if (message.TryGetProperty("error", out var error) && error.GetProperty("code").GetInt32() == InternalError) internals.Add(line);
            answered = message.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }

        Assert.Empty(internals); // a mistake of the client's is named as such
    }

    private static async Task WriteAsync(McpProcess mcp)
    {
        await Task.Yield(); // a full pipe blocks the writer, and the reader is what empties it
        var random = new Random(20261123);
        for (var i = 0; i < Count; i++) await mcp.Input.WriteLineAsync(Mutate(random, Seeds[random.Next(Seeds.Length)]));
        await mcp.Input.WriteLineAsync("""{"jsonrpc":"2.0","id":"last","method":"tools/list"}""");
        await mcp.Input.FlushAsync();
    }

    internal static string Mutate(Random random, string seed)
    {
        var text = new StringBuilder(seed);
        for (var times = random.Next(1, 4); times > 0 && text.Length > 2; times--)
        {
            var at = random.Next(text.Length - 1);
            switch (random.Next(7))
            {
                case 0: text.Remove(at, Math.Min(random.Next(1, 8), text.Length - at)); break;
                case 1: text[at] = Characters[random.Next(Characters.Length)]; break;
                case 2: text.Insert(at, text.ToString(at, Math.Min(random.Next(1, 40), text.Length - at))); break;
                case 3: text.Insert(at, new string('[', random.Next(1, 200))); break;
                case 4: text.Insert(at, "\"\\ud83d\""); break;
                case 5: text.Replace("\"params\":{", $"\"params\":{Odd[random.Next(Odd.Length)]},\"x\":{{"); break;
                default: text.Insert(at, new string('9', random.Next(1, 400))); break;
            }
        }

        return text.Replace('\n', ' ').Replace('\r', ' ').Replace("\"last\"", "\"\"").ToString();
    }
}
