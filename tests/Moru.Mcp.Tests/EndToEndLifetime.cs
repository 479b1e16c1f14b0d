using System.Diagnostics;

namespace Moru.Mcp.Tests;

public sealed class EndToEndLifetime : IDisposable
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(2);

    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task The_end_of_stdin_ends_the_server_and_the_session_sandbox_but_no_other()
    {
        await using var mcp = McpProcess.Start(data.Path);
        var own = Id(await mcp.RunAsync("true"));
        var other = Id(await mcp.DoAsync("create_sandbox"));

        Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, Promise);

        await using var next = McpProcess.Start(data.Path);
        Assert.Equal([other], await IdsAsync(next));
        Assert.Equal("still here\n", (await next.DoAsync("run_command", new() { ["command"] = "echo still here", ["sandbox_id"] = other })).GetProperty("stdout").GetString());
        await next.DoAsync("kill_sandbox", new() { ["sandbox_id"] = other });
        Assert.NotEqual(own, other);
    }

    [Fact]
    public async Task A_command_under_way_does_not_hold_up_the_end()
    {
        await using var mcp = McpProcess.Start(data.Path);
        await mcp.RunAsync("true");
        using var waiting = new CancellationTokenSource();
        var call = mcp.CallAsync("run_command", new() { ["command"] = "touch /tmp/started; sleep 600", ["timeout_seconds"] = 600 }, cancel: waiting.Token);
        await Eventually.TrueAsync(async () => (await mcp.RunAsync("ls /tmp/started")).GetProperty("exit_code").GetInt32() == 0, "the command runs");

        Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, Promise);

        await waiting.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => call);
        await using var next = McpProcess.Start(data.Path);
        Assert.Empty(await IdsAsync(next));
    }

    [Fact]
    public async Task A_sandbox_in_the_making_does_not_outlive_the_end()
    {
        await using (var mcp = McpProcess.Start(data.Path))
        {
            await mcp.DoAsync("list_sandboxes");
            using var waiting = new CancellationTokenSource();
            var call = mcp.CallAsync("run_command", new() { ["command"] = "true" }, cancel: waiting.Token);
            Assert.InRange(await mcp.EndInputAsync(), TimeSpan.Zero, Promise);
            await waiting.CancelAsync();
            await Record.ExceptionAsync(() => call);
        }

        await using var next = McpProcess.Start(data.Path);
        Assert.Empty(await IdsAsync(next));
    }

    [Fact]
    public async Task A_signal_ends_the_server_and_the_session_sandbox()
    {
        await using var mcp = McpProcess.Start(data.Path);
        await mcp.RunAsync("true");

        Assert.InRange(await mcp.TerminateAsync(), TimeSpan.Zero, Promise);

        await using var next = McpProcess.Start(data.Path);
        Assert.Empty(await IdsAsync(next));
    }

    [Fact]
    public async Task A_client_that_is_killed_ends_the_server_and_the_session_sandbox()
    {
        // A shell in the client's place: it holds the server's pipes, and is killed as a client that crashes would be.
        const string Client = """
            coproc server { exec "$1" --data-dir "$2"; }
            echo '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' >&"${server[1]}"
            echo '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"run_command","arguments":{"command":"true"}}}' >&"${server[1]}"
            read -r _ <&"${server[0]}"; read -r _ <&"${server[0]}"
            echo "$server_PID"
            read -r _ <&"${server[0]}"
            """;
        var start = new ProcessStartInfo("bash", ["-c", Client, "bash", McpProcess.Program, data.Path]) { RedirectStandardOutput = true };
        start.Environment["MORU_ENVD"] = Artifacts.Envd;
        using var client = Process.Start(start)!;
        var pid = int.Parse((await client.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken))!, System.Globalization.CultureInfo.InvariantCulture);

        client.Kill();
        var killed = Stopwatch.StartNew();
        await Eventually.TrueAsync(() => HasEnded(pid));
        Assert.InRange(killed.Elapsed, TimeSpan.Zero, Promise);

        await using var next = McpProcess.Start(data.Path);
        Assert.Empty(await IdsAsync(next));
    }

    [Fact]
    public async Task A_named_session_finds_its_sandbox_again_and_another_does_not()
    {
        string kept;
        await using (var first = McpProcess.Start(data.Path, "--session work")) kept = Id(await first.RunAsync("echo kept > file"));

        await using var other = McpProcess.Start(data.Path, "--session play");
        Assert.NotEqual(kept, Id(await other.RunAsync("true")));
        await other.DoAsync("kill_sandbox");
        await using var again = McpProcess.Start(data.Path, "--session work");
        Assert.Equal("kept\n", (await again.RunAsync("cat file")).GetProperty("stdout").GetString());

        Assert.True((await again.DoAsync("kill_sandbox")).GetProperty("killed").GetBoolean());
        Assert.Empty(await IdsAsync(again));
    }

    [Fact]
    public async Task A_second_process_shares_the_server_and_carries_on_when_its_owner_dies()
    {
        await using var first = McpProcess.Start(data.Path);
        var shared = Id(await first.DoAsync("create_sandbox"));
        await using var second = McpProcess.Start(data.Path);
        var own = Id(await second.RunAsync("echo kept > /tmp/file"));
        Assert.Equal(new[] { own, shared }.Order(), (await IdsAsync(first)).Order());

        await first.KillAsync();

        Assert.Equal("kept\n", (await second.RunAsync("cat /tmp/file")).GetProperty("stdout").GetString());
        await second.DoAsync("kill_sandbox", new() { ["sandbox_id"] = shared });
        Assert.Equal([own], await IdsAsync(second));
    }

    [Fact]
    public async Task Two_processes_that_start_at_once_share_one_server()
    {
        await using var first = McpProcess.Start(data.Path);
        await using var second = McpProcess.Start(data.Path);

        var ids = await Task.WhenAll(first.RunAsync("true"), second.RunAsync("true"));

        Assert.Equal(ids.Select(Id).Order(), (await IdsAsync(second)).Order());
    }

    [Fact]
    public async Task Concurrent_first_calls_make_one_session_sandbox()
    {
        await using var mcp = McpProcess.Start(data.Path);
        await mcp.ConnectAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => mcp.RunAsync("true")));

        Assert.Single(results.Select(Id).Distinct());
        Assert.Single(await IdsAsync(mcp));
    }

    [Fact]
    public async Task A_session_sandbox_that_ended_is_replaced_and_the_model_is_told()
    {
        await using var mcp = McpProcess.Start(data.Path);
        await using var other = McpProcess.Start(data.Path);
        var old = Id(await mcp.RunAsync("true"));
        await other.DoAsync("kill_sandbox", new() { ["sandbox_id"] = old });

        var result = await mcp.RunAsync("echo new");

        Assert.NotEqual(old, Id(result));
        Assert.Contains($"The session sandbox {old} had ended", result.GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.False((await mcp.RunAsync("true")).TryGetProperty("note", out _));

        await other.DoAsync("kill_sandbox", new() { ["sandbox_id"] = Id(result) });
        var failed = await mcp.FailAsync("read_file", new() { ["path"] = "gone.txt" });
        Assert.Contains($"The session sandbox {Id(result)} had ended", failed, StringComparison.Ordinal);
        Assert.Contains("There is no file 'gone.txt'", failed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sandboxes_of_ones_own_are_made_listed_used_and_killed()
    {
        await using var mcp = McpProcess.Start(data.Path);

        var id = Id(await mcp.DoAsync("create_sandbox", new() { ["timeout_seconds"] = 60, ["env"] = new Dictionary<string, string> { ["COLOUR"] = "blue" } }));
        Assert.Equal("blue\n", (await mcp.DoAsync("run_command", new() { ["command"] = "echo $COLOUR", ["sandbox_id"] = id })).GetProperty("stdout").GetString());
        Assert.Equal([id], await IdsAsync(mcp));
        Assert.True((await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id })).GetProperty("killed").GetBoolean());

        Assert.Empty(await IdsAsync(mcp));
        var again = await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = id });
        Assert.False(again.GetProperty("killed").GetBoolean());
        Assert.Contains($"There is no sandbox '{id}'", again.GetProperty("note").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_template_is_named_with_the_one_that_there_is()
    {
        await using var mcp = McpProcess.Start(data.Path);

        var text = await mcp.FailAsync("create_sandbox", new() { ["template"] = "windows" });

        Assert.StartsWith("There is no template 'windows'. There are: base, ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_engine_a_call_says_so_and_the_server_stays_up()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("DOCKER_HOST", "unix:///nonexistent/docker.sock"));

        for (var i = 0; i < 2; i++)
        {
            var text = await mcp.FailAsync("run_command", new() { ["command"] = "true" });
            Assert.Contains("Docker Engine", text, StringComparison.Ordinal);
            Assert.Contains("./moru doctor", text, StringComparison.Ordinal);
        }

        Assert.Empty(await IdsAsync(mcp));
    }

    [Fact]
    public async Task Without_the_agent_a_call_says_how_to_build_it()
    {
        await using var mcp = McpProcess.Start(data.Path, null, ("MORU_ENVD", "/nonexistent/envd"));

        var text = await mcp.FailAsync("run_command", new() { ["command"] = "true" });

        Assert.Contains("The sandbox agent 'envd' is missing. Build it with './moru build'", text, StringComparison.Ordinal);
    }

    // A process that has ended stays as a zombie until init, its new parent, collects it.
    private static bool HasEnded(int pid)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status").Any(line => line.StartsWith("State:\tZ", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static string Id(System.Text.Json.JsonElement result) => result.GetProperty("sandbox_id").GetString()!;

    private static async Task<string[]> IdsAsync(McpProcess mcp) =>
        [.. (await mcp.DoAsync("list_sandboxes")).GetProperty("sandboxes").EnumerateArray().Select(Id)];
}
