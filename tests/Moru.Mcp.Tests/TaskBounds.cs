using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

/// <summary>How many tasks a session has, and how long. Its calls take as long as the Moru server takes to be found.</summary>
public sealed class TaskBounds : IAsyncLifetime
{
    private const int Most = 100;

    private readonly TaskCompletionSource<MoruClient> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
    private MemoryFace? face;

    private McpClient Client => face!.Client;

    public async ValueTask InitializeAsync() =>
        face = await MemoryFace.StartAsync(options: new McpClientOptions { Capabilities = McpProcess.Declare(McpTasks.Extension) }, connect: cancel => found.Task.WaitAsync(cancel), clock: clock);

    public ValueTask DisposeAsync() => face!.DisposeAsync();

    [Fact]
    public async Task When_all_are_used_up_a_call_is_answered_at_its_end()
    {
        var tasks = await Task.WhenAll(Enumerable.Range(0, Most).Select(_ => CallAsync()));
        Assert.Equal(Most, tasks.Select(task => task["taskId"]!.GetValue<string>()).Distinct().Count());

        var more = CallAsync();
        await Tasks.AskAsync(Client, "tasks/cancel", tasks[0]);
        Assert.Equal("cancelled", Status(await Tasks.EndAsync(Client, tasks[0]))); // it still counts: its end can be asked about
        Assert.False(more.IsCompleted);
        found.SetResult(MemoryFace.Nobody);

        Assert.True((await more)["isError"]!.GetValue<bool>());
        Assert.Equal("completed", Status(await Tasks.EndAsync(Client, tasks[^1])));
    }

    [Fact]
    public async Task A_result_is_there_for_half_an_hour_and_not_for_longer()
    {
        var task = await CallAsync();
        found.SetResult(MemoryFace.Nobody);
        await Tasks.EndAsync(Client, task);

        clock.Advance(TimeSpan.FromMilliseconds(task["ttlMs"]!.GetValue<long>()));
        Assert.Equal("completed", Status(await Tasks.AskAsync(Client, "tasks/get", task)));

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("kept for 30 minutes", (await Assert.ThrowsAsync<McpProtocolException>(() => Tasks.AskAsync(Client, "tasks/get", task))).Message, StringComparison.Ordinal);
    }

    private Task<JsonObject> CallAsync() => Tasks.SendAsync(Client, "tools/call", new JsonObject { ["name"] = "list_sandboxes", ["arguments"] = new JsonObject() });

    private static string? Status(JsonObject task) => task["status"]?.GetValue<string>();
}
