using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp.Tests;

/// <summary>A tool that the conformance suite calls.</summary>
internal sealed class FixtureTool(string name, Func<RequestContext<CallToolRequestParams>, CancellationToken, ValueTask<CallToolResult>> call, string schema = """{"type":"object"}""") : McpServerTool
{
    public override Tool ProtocolTool { get; } = new() { Name = name, Description = $"The suite's fixture {name}.", InputSchema = JsonElement.Parse(schema) };

    public override IReadOnlyList<object> Metadata => [];

    public override ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) => call(request, cancellationToken);
}

/// <summary>A prompt that the conformance suite gets.</summary>
internal sealed class FixturePrompt(string name, Func<RequestContext<GetPromptRequestParams>, IList<PromptMessage>> get, params string[] arguments) : McpServerPrompt
{
    public override Prompt ProtocolPrompt { get; } = new()
    {
        Name = name,
        Description = $"The suite's fixture {name}.",
        Arguments = [.. arguments.Select(argument => new PromptArgument { Name = argument, Description = argument, Required = true })],
    };

    public override IReadOnlyList<object> Metadata => [];

    public override ValueTask<GetPromptResult> GetAsync(RequestContext<GetPromptRequestParams> request, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new GetPromptResult { Messages = get(request) });
}
