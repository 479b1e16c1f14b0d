using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

public sealed partial class ToolList(FaceWithoutServer face) : IClassFixture<FaceWithoutServer>
{
    [Fact]
    public async Task Tools_are_sorted_described_and_hinted()
    {
        var tools = await face.Client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(tools.Select(tool => tool.Name).Order(StringComparer.Ordinal), tools.Select(tool => tool.Name));
        Assert.All(tools, tool =>
        {
            Assert.Matches(SnakeCase(), tool.Name);
            Assert.InRange(tool.Description.Length, 20, 1000);
            Assert.NotNull(tool.Title);
            Assert.NotNull(tool.ProtocolTool.Annotations);
        });
    }

    [Fact]
    public async Task Every_parameter_is_described_and_every_name_is_snake_case()
    {
        foreach (var tool in await ToolsAsync())
        {
            var parameters = tool!["inputSchema"]!["properties"]?.AsObject() ?? [];
            Assert.All(parameters, parameter => Assert.NotEmpty(parameter.Value!["description"]!.GetValue<string>()));
            Assert.All(Names(tool["inputSchema"]!).Concat(Names(tool["outputSchema"]!)), name => Assert.Matches(SnakeCase(), name));
            Assert.Equal("object", tool["outputSchema"]!["type"]!.GetValue<string>());
        }
    }

    private async Task<JsonArray> ToolsAsync()
    {
        var tools = await face.Client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        return [.. tools.Select(tool => JsonSerializer.SerializeToNode(tool.ProtocolTool, McpJsonUtilities.DefaultOptions))];
    }

    private static IEnumerable<string> Names(JsonNode schema)
    {
        if (schema is not JsonObject node) yield break;
        foreach (var (name, property) in node["properties"]?.AsObject() ?? [])
        {
            yield return name;
            foreach (var inner in Names(property!)) yield return inner;
        }

        if (node["items"] is { } items)
        {
            foreach (var inner in Names(items)) yield return inner;
        }
    }

    [GeneratedRegex("^[a-z]+(_[a-z]+)*$")]
    private static partial Regex SnakeCase();
}
