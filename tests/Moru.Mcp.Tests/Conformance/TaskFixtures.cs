using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp.Tests;

/// <summary>Tools of the suite that take long enough to become tasks. How long is what the suite asks for.</summary>
internal static class TaskFixtures
{
    private const string Arguments = """{"type":"object","properties":{"name":{"type":"string"},"seconds":{"type":"number"},"label":{"type":"string"},"filename":{"type":"string"}}}""";

    public static IEnumerable<McpServerTool> Tools =>
    [
        new FixtureTool("greet", (request, _) => Fixtures.Done($"Hello, {request.Params!.Arguments!["name"]}!"), Arguments),
        new FixtureTool("slow_compute", async (request, cancel) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(request.Params!.Arguments!["seconds"].GetDouble()), cancel);
            return await Fixtures.Done("computed");
        }, Arguments),
        new FixtureTool("failing_job", async (request, cancel) =>
        {
            DemandTasks(request);
            await WorkAsync(cancel);
            return new CallToolResult { IsError = true, Content = [Fixtures.Text("it failed")] };
        }),
        new FixtureTool("protocol_error_job", async (_, cancel) =>
        {
            await WorkAsync(cancel);
            throw new McpProtocolException("it broke", McpErrorCode.InternalError);
        }),
        new FixtureTool("confirm_delete", AskAsync("confirm"), Arguments),
        new FixtureTool("multi_input", AskAsync("first", "second")),
        new FixtureTool("test_tool_with_task", async (request, cancel) =>
        {
            DemandTasks(request);
            if (request.Params!.InputResponses?["user_name"] is not { } name) throw InputFixtures.Ask(null, InputFixtures.Name("user_name"));
            await WorkAsync(cancel);
            return await Fixtures.Done(name.RawValue.GetRawText());
        }),
    ];

    private static Task WorkAsync(CancellationToken cancel) => Task.Delay(TimeSpan.FromSeconds(1), cancel);

    /// <summary>Asks once it is a task, and answers with what it was told.</summary>
    private static Func<RequestContext<CallToolRequestParams>, CancellationToken, ValueTask<CallToolResult>> AskAsync(params string[] keys) => async (request, cancel) =>
    {
        if (request.Params!.InputResponses is { } given && keys.All(given.ContainsKey)) return await Fixtures.Done(string.Join(' ', keys.Select(key => given[key].RawValue.GetRawText())));
        await WorkAsync(cancel);
        throw InputFixtures.Ask(null, [.. keys.Select(InputFixtures.Name)]);
    };

    private static void DemandTasks(RequestContext<CallToolRequestParams> request)
    {
        var client = request.JsonRpcRequest.Context?.ClientCapabilities ?? request.Server.ClientCapabilities;
        if (client?.Extensions?.ContainsKey(McpTasks.Extension) == true) return;
        throw new MissingRequiredClientCapabilityException(McpProcess.Declare(McpTasks.Extension), "it takes long");
    }
}
