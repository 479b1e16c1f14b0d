using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Calls that become tasks, for clients that declare the extension.</summary>
public sealed class Tasks(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>, IDisposable
{
    private readonly TemporaryDirectory data = new();

    private const string Extension = McpTasks.Extension;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task The_result_of_a_long_call_is_there_for_whoever_comes_back_for_it(string protocol)
    {
        JsonObject task;
        await using (var first = await fixture.Server.ConnectAsync(protocol, session: protocol, extension: Extension))
        {
            Assert.Contains(Extension, first.ServerCapabilities.Extensions!.Keys);
            task = await RunAsync(first, "until [ -e /tmp/go-on ]; do sleep 0.1; done; echo done");
            Assert.Equal(("task", "working"), (Text(task, "resultType"), Text(task, "status")));
            Assert.Equal("working", Text(await AskAsync(first, "tasks/get", task), "status"));
        }

        await using var again = await fixture.Server.ConnectAsync(protocol, session: protocol, extension: Extension);
        await RunAsync(again, "touch /tmp/go-on");
        var ended = await EndAsync(again, task);

        Assert.True(Text(ended, "status") == "completed" && ended["result"]!["isError"]?.GetValue<bool>() != true, ended.ToJsonString());
        Assert.Equal("done\n", Text(ended["result"]!["structuredContent"]!.AsObject(), "stdout"));
    }

    [Fact]
    public async Task Over_stdio_a_cancelled_task_leaves_no_process()
    {
        await using var mcp = McpProcess.Start(data.Path);
        var client = await mcp.ConnectAsync(Extension);
        var task = await RunAsync(client, "sleep 8127 & sleep 8127");

        Assert.Equal("complete", Text(await AskAsync(client, "tasks/cancel", task), "resultType"));

        Assert.Equal("cancelled", Text(await EndAsync(client, task), "status"));
        Assert.Equal("complete", Text(await AskAsync(client, "tasks/cancel", task), "resultType"));
        await Eventually.TrueAsync(async () => Text(await RunAsync(client, "pgrep -fc '^sleep 8127'"), "stdout", "structuredContent") == "0\n", "nothing is left");
        var failing = await EndAsync(client, await RunAsync(client, "sleep 1; exit 3"));
        Assert.Equal(("completed", 3), (Text(failing, "status"), failing["result"]!["structuredContent"]!["exit_code"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Who_does_not_know_tasks_gets_none_and_nobody_gets_those_of_another_session()
    {
        await using var plain = await fixture.Server.ConnectAsync("2026-07-28", session: "plain");
        await using var knowing = await fixture.Server.ConnectAsync("2026-07-28", session: "knowing", extension: Extension);
        await using var stranger = await fixture.Server.ConnectAsync("2026-07-28", session: "stranger", extension: Extension);
        var task = await RunAsync(knowing, "sleep 1");

        Assert.Equal("late\n", Text(await RunAsync(plain, "sleep 1; echo late"), "stdout", "structuredContent"));
        Assert.Contains("\"code\":-32021", (await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(plain, "tasks/get", task))).Message, StringComparison.Ordinal);
        Assert.Equal(McpErrorCode.InvalidParams, (await Assert.ThrowsAsync<McpProtocolException>(() => AskAsync(stranger, "tasks/get", task))).ErrorCode);
        await EndAsync(knowing, task);
    }

    private static Task<JsonObject> RunAsync(McpClient client, string command) =>
        SendAsync(client, "tools/call", new JsonObject { ["name"] = "run_command", ["arguments"] = new JsonObject { ["command"] = command } });

    internal static Task<JsonObject> AskAsync(McpClient client, string method, JsonObject task) => SendAsync(client, method, new JsonObject { ["taskId"] = Text(task, "taskId") });

    internal static async Task<JsonObject> EndAsync(McpClient client, JsonObject task)
    {
        JsonObject? state = null;
        await Eventually.TrueAsync(async () => Text(state = await AskAsync(client, "tasks/get", task), "status") != "working", "the task ends");
        return state!;
    }

    internal static async Task<JsonObject> SendAsync(McpClient client, string method, JsonObject parameters)
    {
        var context = new JsonRpcMessageContext { RoutingName = Text(parameters, method == "tools/call" ? "name" : "taskId") };
        var answer = await client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = parameters, Context = context }, Cancelled);
        return answer.Result!.AsObject();
    }

    private static string? Text(JsonObject from, string name, string? within = null) => (within is null ? from : from[within])?[name]?.GetValue<string>();
}
