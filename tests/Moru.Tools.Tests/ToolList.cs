using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.Tokenizers;
using ModelContextProtocol;
using ModelContextProtocol.Server;
using Moru.Mcp;

namespace Moru.Tools.Tests;

/// <summary>What a model pays for the tools before it calls one, counted as MCP sends them.</summary>
public sealed class ToolList
{
    private static readonly TiktokenTokenizer Tokens = TiktokenTokenizer.CreateForEncoding("o200k_base");

    private static readonly JsonSerializerOptions Readable = new(McpJsonUtilities.DefaultOptions)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Theory]
    [InlineData("core", 12, 1_500, 6 * 1024)]
    [InlineData("all", 30, 4_500, 18 * 1024)]
    public async Task A_list_keeps_its_budget(string toolsets, int tools, int tokens, int bytes)
    {
        var list = await ListAsync(toolsets);

        var json = JsonSerializer.Serialize(list, McpJsonUtilities.DefaultOptions);
        Assert.InRange(list.Length, 1, tools);
        Assert.True(Tokens.CountTokens(json) <= tokens && Encoding.UTF8.GetByteCount(json) <= bytes, Bill(list));
    }

    [Fact]
    public void The_instructions_cost_a_model_at_most_300_tokens()
    {
        var options = new McpServerOptions();
        McpFace.Describe(options, NullLoggerFactory.Instance);

        Assert.InRange(Tokens.CountTokens(options.ServerInstructions!), 100, 300);
    }

    [Fact]
    public async Task The_tools_are_what_review_has_seen()
    {
        Snapshot.Matches(JsonSerializer.Serialize(await ListAsync("all"), Readable), "ToolList");
    }

    /// <summary>What each tool costs, so that a failure says where to save.</summary>
    private static string Bill(ModelContextProtocol.Protocol.Tool[] list)
    {
        var lines = list.Select(tool => (tool.Name, Json: JsonSerializer.Serialize(tool, McpJsonUtilities.DefaultOptions)))
            .Select(tool => $"{tool.Name,-16} {Tokens.CountTokens(tool.Json),5} tokens {Encoding.UTF8.GetByteCount(tool.Json),6} bytes");
        var json = JsonSerializer.Serialize(list, McpJsonUtilities.DefaultOptions);
        return $"{list.Length} tools, {Tokens.CountTokens(json)} tokens, {Encoding.UTF8.GetByteCount(json)} bytes:\n{string.Join('\n', lines)}";
    }

    private static async Task<ModelContextProtocol.Protocol.Tool[]> ListAsync(string toolsets)
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        return [.. ToolSet.Create(session, ToolSet.Parse(toolsets)).Select(McpTools.Describe)];
    }
}
