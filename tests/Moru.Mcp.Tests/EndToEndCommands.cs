using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

public sealed class EndToEndCommands(EndToEndSession session) : IClassFixture<EndToEndSession>
{
    private readonly McpProcess mcp = session.Mcp;

    [Fact]
    public async Task Code_runs_and_its_output_comes_back_in_both_forms()
    {
        var result = await mcp.CallAsync("run_command", new() { ["command"] = "python3 -c 'print(6 * 7)'; echo oops >&2" });

        Assert.Equal("<untrusted>\n42\n</untrusted>\n[stderr]\n<untrusted>\noops\n</untrusted>\n[exit code 0]", McpProcess.Text(result));
        var structured = result.StructuredContent!.Value;
        Assert.Equal((0, "42\n", "oops\n"), (structured.GetProperty("exit_code").GetInt32(), structured.GetProperty("stdout").GetString(), structured.GetProperty("stderr").GetString()));
    }

    [Fact]
    public async Task A_non_zero_exit_is_a_result()
    {
        var result = await mcp.CallAsync("run_command", new() { ["command"] = "echo half; exit 3" });

        Assert.NotEqual(true, result.IsError);
        Assert.Equal("<untrusted>\nhalf\n</untrusted>\n[exit code 3]", McpProcess.Text(result));
    }

    [Fact]
    public async Task Directory_user_and_environment_are_those_asked_for()
    {
        var result = await mcp.CallAsync("run_command", new()
        {
            ["command"] = "pwd; id -un; echo \"$GREETING\"",
            ["cwd"] = "/tmp",
            ["user"] = "root",
            ["env"] = new Dictionary<string, string> { ["GREETING"] = "hé llo" },
        });

        Assert.StartsWith("<untrusted>\n/tmp\nroot\nhé llo\n", McpProcess.Text(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gigabyte_of_output_costs_neither_memory_nor_tokens()
    {
        await mcp.RunAsync("true");

        var result = await mcp.DoAsync("run_command", new() { ["command"] = "yes 0123456789 | head -c 1000000000; echo the end", ["wait_seconds"] = 300 });

        var stdout = result.GetProperty("stdout").GetString()!;
        Assert.InRange(stdout.Length, 7_000, 8_300);
        Assert.EndsWith("the end\n", stdout, StringComparison.Ordinal);
        Assert.Equal(1_000_000_008 - 8_000, result.GetProperty("cut_bytes").GetInt64(), 200.0);
        Assert.Contains("read_output", result.GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.InRange(mcp.PeakMemoryMB(), 1, 300);
    }

    [Fact]
    public async Task A_command_over_its_time_is_killed_with_its_children_and_the_output_so_far_returned()
    {
        var text = await mcp.FailAsync("run_command", new() { ["command"] = "echo before; sleep 871 & sleep 872", ["timeout_seconds"] = 1 });

        Assert.StartsWith("<untrusted>\nbefore\n</untrusted>\n[ended without an exit code]\n[note: Killed after 1 s (timeout_seconds)", text, StringComparison.Ordinal);
        await NothingRunsAsync("^sleep 87[12]");
    }

    [Fact]
    public async Task Cancelling_a_call_kills_the_whole_process_group()
    {
        // The client's own token only stops its waiting; other clients send this notification.
        var client = await mcp.ConnectAsync();
        var request = new JsonRpcRequest
        {
            Id = new RequestId("to-be-cancelled"),
            Method = RequestMethods.ToolsCall,
            Params = JsonNode.Parse("""{"name":"run_command","arguments":{"command":"sleep 881 & (trap '' TERM; sleep 882) & wait"}}"""),
        };
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var call = client.SendRequestAsync(request, waiting.Token);
        await Eventually.TrueAsync(async () => await CountAsync("^sleep 88[12]") == 2, "both children run");

        await client.SendNotificationAsync(
            NotificationMethods.CancelledNotification, new CancelledNotificationParams { RequestId = request.Id }, cancellationToken: TestContext.Current.CancellationToken);

        await NothingRunsAsync("^sleep 88[12]");
        await waiting.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => call);
    }

    [Fact]
    public async Task Progress_comes_while_the_command_runs()
    {
        var reports = new List<ProgressNotificationValue>();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var progress = new Reports(value =>
        {
            lock (reports) reports.Add(value);
            first.TrySetResult();
        });

        var call = mcp.CallAsync("run_command", new() { ["command"] = "echo step 1; until [ -e /tmp/go ]; do sleep 0.05; done; echo step 2" }, progress);
        await first.Task.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        Assert.False(call.IsCompleted);
        await mcp.RunAsync("touch /tmp/go");
        await call;

        Assert.Equal("step 1", reports[0].Message);
        Assert.Equal(reports.OrderBy(report => report.Progress), reports);
    }

    [Fact]
    public async Task Background_processes_live_on_after_their_command()
    {
        await mcp.RunAsync("(cd /tmp && echo started; sleep 891) > /tmp/background.txt 2>&1 &");

        await Eventually.TrueAsync(async () => (await mcp.RunAsync("cat /tmp/background.txt")).GetProperty("stdout").GetString() == "started\n", "it has written its file");
        Assert.Equal(1, await CountAsync("^sleep 891"));
    }

    [Theory]
    [InlineData("user", "nobody-here", "There is no user 'nobody-here' in sandbox i")]
    [InlineData("cwd", "/no/such/place", "There is no directory '/no/such/place' in sandbox i")]
    [InlineData("sandbox_id", "inosuchsandbox", "There is no sandbox 'inosuchsandbox': it never existed or has ended. Running now: i")]
    public async Task What_does_not_exist_is_named_with_the_next_step(string argument, string value, string expected)
    {
        await mcp.RunAsync("true");

        var text = await mcp.FailAsync("run_command", new() { ["command"] = "true", [argument] = value });

        Assert.StartsWith(expected, text, StringComparison.Ordinal);
        Assert.Contains($"eave out `{argument}`", text, StringComparison.Ordinal);
    }

    private Task NothingRunsAsync(string pattern) => Eventually.TrueAsync(async () => await CountAsync(pattern) == 0, $"nothing matches {pattern}");

    private async Task<int> CountAsync(string pattern)
    {
        var found = await mcp.RunAsync($"pgrep -fc '{pattern}'");
        return int.Parse(found.GetProperty("stdout").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Reports(Action<ProgressNotificationValue> take) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => take(value);
    }
}
