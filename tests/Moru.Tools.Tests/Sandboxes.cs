using System.Net.Http.Json;
using Moru.Protocol;

namespace Moru.Tools.Tests;

public sealed class Sandboxes(ToolTests.Shared shared, ServerFixture fixture) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Covers("get_url", "sandbox.sandbox_domain", "sandbox.get_host()")]
    [Fact]
    public async Task A_port_has_a_URL_when_a_server_listens()
    {
        var early = await Tools.FailAsync("get_url", new { port = 8123 });
        await Tools.CallAsync("run_command", new { command = "python3 -m http.server 8123 --bind 127.0.0.1", wait_seconds = 0 });
        await Eventually.TrueAsync(async () => (await Tools.RunAsync("curl -s -o /dev/null localhost:8123")).ExitCode == 0);

        var url = await Tools.CallAsync<PortUrl>("get_url", new { port = 8123 });

        Assert.StartsWith($"Nothing listens on port 8123 in sandbox {Tools.SandboxId}; ", early, StringComparison.Ordinal);
        Assert.Contains("run_command {\"command\":\"python3 -m http.server 8123\",\"wait_seconds\":0}", early, StringComparison.Ordinal);
        Assert.StartsWith($"http://8123-{Tools.SandboxId}.moru.localhost:", url.Url, StringComparison.Ordinal);
        Assert.Contains("Directory listing for /", await Shell.RunAsync("curl", "-s", "--fail", url.Url), StringComparison.Ordinal);
    }

    [Covers("get_file_url", "Sandbox.create(secure)", "sandbox.download_url()")]
    [Covers("get_file_url(upload)", "sandbox.upload_url()", "files.write(bytes)")]
    [Fact]
    public async Task A_file_has_a_URL_to_read_and_one_to_write()
    {
        await Tools.CallAsync("write_file", new { path = "/tmp/shared.txt", content = "x" });

        var read = await Tools.CallAsync<FileUrl>("get_file_url", new { path = "/tmp/shared.txt" });
        var write = await Tools.CallAsync<FileUrl>("get_file_url", new { path = "/tmp/new.txt", upload = true });

        Assert.Equal(("GET", "POST"), (read.Method, write.Method));
        Assert.Equal("x", await Shell.RunAsync("curl", "-s", "--fail", read.Url));
        await Shell.RunAsync("curl", "-s", "--fail", "-F", "file=@/etc/hostname", write.Url);
        Assert.Equal(0, (await Tools.RunAsync("test -s /tmp/new.txt")).ExitCode);
        Assert.Contains("signature=", read.Url, StringComparison.Ordinal);
        Assert.StartsWith("There is no file '/tmp/none.txt'", await Tools.FailAsync("get_file_url", new { path = "/tmp/none.txt" }), StringComparison.Ordinal);
    }

    [Covers("list_sandboxes", "Sandbox.create(api_key)", "sandbox.sandbox_id", "Sandbox.list()")]
    [Covers("pause_sandbox", "sandbox.beta_pause()")]
    [Fact]
    public async Task A_paused_sandbox_goes_on_where_it_was_when_a_tool_uses_it()
    {
        await Tools.RunAsync("echo kept > /tmp/kept.txt");
        await Tools.CallAsync("pause_sandbox", new { });
        var listed = (await Tools.CallAsync<SandboxList>("list_sandboxes", new { })).Sandboxes.Single(line => line.SandboxId == Tools.SandboxId);

        var output = await Tools.RunAsync("cat /tmp/kept.txt");

        Assert.Equal("paused", listed.State);
        Assert.Equal(("kept\n", null), (output.Stdout, output.Note));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_paused_sandbox_goes_on_also_when_the_next_call_needs_more_of_its_life(bool byId)
    {
        await Tools.CallAsync("kill_sandbox", new { }); // one that nobody gave a longer life takes its place
        await Tools.RunAsync("echo kept > /tmp/kept.txt");
        var own = Tools.SandboxId;
        await Tools.CallAsync("pause_sandbox", new { });

        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "cat /tmp/kept.txt", wait_seconds = 600, sandbox_id = byId ? own : null });

        Assert.Equal(("kept\n", null, own), (output.Stdout, output.Note, output.SandboxId));
        var details = await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { });
        Assert.InRange((DateTimeOffset.Parse(details.EndsAt!, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow).TotalSeconds, 1400, 1500);
    }

    [Covers("create_sandbox", "Sandbox.create()", "AsyncSandbox")]
    [Covers("kill_sandbox", "with Sandbox.create()", "sandbox.kill()")]
    [Covers("set_timeout(sandbox_id)", "Sandbox.connect(id, timeout)", "Sandbox.set_timeout(id)")]
    [Covers("run_command(sandbox_id)", "Sandbox.connect(id)")]
    [Covers("kill_sandbox(sandbox_id)", "Sandbox.kill(id)")]
    [Fact]
    public async Task A_paused_sandbox_that_is_not_the_sessions_own_is_resumed_by_its_id()
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 300 })).SandboxId;
        await Tools.CallAsync("pause_sandbox", new { sandbox_id = other });
        var resumed = await Tools.CallAsync<SandboxChange>("set_timeout", new { sandbox_id = other, timeout_seconds = 600 });
        await Tools.CallAsync("pause_sandbox", new { sandbox_id = other });

        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "echo on", sandbox_id = other });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        Assert.Equal(("running", "on\n"), (resumed.State, output.Stdout));
    }

    [Fact]
    public async Task A_sandbox_that_was_paused_has_as_long_to_live_as_it_had()
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 7200 })).SandboxId;
        await Tools.CallAsync("pause_sandbox", new { sandbox_id = other });
        Assert.Null((await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { sandbox_id = other })).EndsAt);

        await Tools.CallAsync("run_command", new { command = "true", sandbox_id = other });
        var ends = (await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { sandbox_id = other })).EndsAt!;
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        Assert.InRange((DateTimeOffset.Parse(ends, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow).TotalSeconds, 7000, 7200);
    }

    [Covers("create_sandbox(timeout_seconds)", "Sandbox.create(timeout)")]
    [Covers("create_sandbox(metadata)", "Sandbox.create(metadata)")]
    [Covers("create_sandbox(env)", "Sandbox.create(envs)")]
    [Covers("create_sandbox(internet)", "Sandbox.create(allow_internet_access)")]
    [Covers("list_sandboxes(metadata)", "Sandbox.list(metadata)")]
    [Fact]
    public async Task A_sandbox_is_made_as_it_is_asked_for()
    {
        var made = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 100, env = new { GREETING = "hé" }, metadata = new { purpose = "shape" }, internet = false })).SandboxId!;
        var found = await Tools.CallAsync<SandboxList>("list_sandboxes", new { metadata = new { purpose = "shape" } });
        var output = await Tools.CallAsync<CommandOutput>("run_command", new { command = "echo $GREETING", sandbox_id = made });
        var network = await NetworkAsync(made);
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = made });

        var line = Assert.Single(found.Sandboxes);
        Assert.Equal(made, line.SandboxId);
        Assert.InRange((DateTimeOffset.Parse(line.EndsAt!, System.Globalization.CultureInfo.InvariantCulture) - DateTimeOffset.UtcNow).TotalSeconds, 30, 100);
        Assert.Equal("hé\n", output.Stdout);
        Assert.Equal((true, "0.0.0.0/0"), (network.Enforced, Assert.Single(network.DenyOut)));
    }

    [Covers("create_sandbox(allow_out)", "Sandbox.create(network)")]
    [Covers("get_url", "sandbox.traffic_access_token")]
    [Fact]
    public async Task Network_rules_are_those_asked_for_and_a_port_that_is_not_public_comes_with_its_token()
    {
        var made = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 100, allow_out = new[] { "203.0.113.7", "api.example.com" }, public_ports = false })).SandboxId!;
        await Tools.CallAsync("run_command", new { command = "python3 -m http.server 8123", wait_seconds = 0, sandbox_id = made });
        await Eventually.TrueAsync(async () => (await Tools.CallAsync<CommandOutput>("run_command", new { command = "curl -s -o /dev/null localhost:8123", sandbox_id = made })).ExitCode == 0);
        await using var stranger = new ToolSession(fixture);

        var own = await Tools.CallAsync<PortUrl>("get_url", new { port = 8123, sandbox_id = made });
        var strangers = await stranger.CallAsync<PortUrl>("get_url", new { port = 8123, sandbox_id = made });
        var network = await NetworkAsync(made);
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = made });

        Assert.Equal(["api.example.com", "203.0.113.7"], network.AllowOut.OrderDescending());
        Assert.Equal(["0.0.0.0/0"], network.DenyOut);
        Assert.NotNull(own.TrafficToken);
        Assert.Equal((own.Url, own.TrafficToken), (strangers.Url, strangers.TrafficToken));
        Assert.Contains($"Moru-Traffic-Access-Token: {own.TrafficToken}", own.ToString(), StringComparison.Ordinal);
    }

    [Covers("create_sandbox", "RateLimitException")]
    [Fact]
    public async Task A_full_server_says_how_to_make_room()
    {
        await using var full = await StandIn.StartAsync(429, """{"code":429,"message":"100 sandboxes run already, which is the maximum; kill or pause one first."}""");
        await using var session = new SandboxSession(new MoruClient(new MoruOptions { ApiUrl = new Uri(full.Url), ApiKey = "key" }));
        var create = ToolSet.Create(session).Single(tool => tool.Name == "create_sandbox");

        var error = await Assert.ThrowsAsync<ToolException>(async () => await create.InvokeAsync([], Cancel));

        Assert.StartsWith("100 sandboxes run already, which is the maximum; kill or pause one first. Find sandboxes that are no longer needed with list_sandboxes", error.Message, StringComparison.Ordinal);
    }

    [Covers("write_file", "NotEnoughSpaceException")]
    [Fact]
    public async Task A_full_disk_says_how_to_make_room()
    {
        await Tools.RunAsync("head -c 70M /dev/zero > /dev/shm/fill");

        var error = await Tools.FailAsync("write_file", new { path = "/dev/shm/more.txt", content = new string('x', 1 << 20) });
        await Tools.RunAsync("rm /dev/shm/*");

        Assert.Contains("Free some space (`du -sh * | sort -h`", error, StringComparison.Ordinal);
    }

    [Covers("inspect_sandbox", "sandbox.is_running()", "sandbox.get_info()", "sandbox.get_metrics()")]
    [Covers("set_timeout", "sandbox.set_timeout()")]
    [Fact]
    public async Task A_timeout_that_was_set_is_not_shortened_by_the_next_call()
    {
        await Tools.RunAsync("true");

        await Tools.CallAsync("set_timeout", new { timeout_seconds = 7200 });
        await Tools.RunAsync("true");

        var details = await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { });
        var ends = DateTimeOffset.Parse(details.EndsAt!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange((ends - DateTimeOffset.UtcNow).TotalSeconds, 7000, 7200);
        Assert.Equal("running", details.State);
    }

    [Fact]
    public async Task The_log_shows_commands_as_they_were_given_and_what_they_printed()
    {
        await Tools.CallAsync("run_code", new { code = "print('of no interest')" });
        await Tools.RunAsync("echo 'it''s' here; echo oops >&2; exit 3");
        await Tools.CallAsync("list_commands", new { });

        var log = "";
        await Eventually.TrueAsync(async () => (log = (await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { log_entries = 100 })).Log!).Contains("exit status 3", StringComparison.Ordinal));

        var lines = log.TrimEnd('\n').Split('\n').Select(line => line.Split(' ', 3)[2]).ToList();
        var start = lines.IndexOf("process_start: echo 'it''s' here; echo oops >&2; exit 3");
        Assert.Equal(["process_end: Process ended: exit status 3", "stderr: oops", "stdout: its here"], lines.Skip(start + 1).Take(3).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("/tmp/.moru", log, StringComparison.Ordinal);
        Assert.DoesNotContain("of no interest", log, StringComparison.Ordinal);
        Assert.Null((await Tools.CallAsync<SandboxDetails>("inspect_sandbox", new { })).Log);
    }

    [Fact]
    public async Task A_paused_sandbox_is_inspected_and_stays_paused()
    {
        var other = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { timeout_seconds = 300 })).SandboxId;
        await Tools.CallAsync("pause_sandbox", new { sandbox_id = other });
        await using var stranger = new ToolSession(fixture);

        var details = await stranger.CallAsync<SandboxDetails>("inspect_sandbox", new { sandbox_id = other });
        var again = await stranger.CallAsync<SandboxDetails>("inspect_sandbox", new { sandbox_id = other });
        await Tools.CallAsync("kill_sandbox", new { sandbox_id = other });

        Assert.Equal((other, "paused", "paused"), (details.SandboxId, details.State, again.State));
    }

    private async Task<SandboxNetworkReport> NetworkAsync(string id)
    {
        using var api = new HttpClient { DefaultRequestHeaders = { { Headers.ApiKey, fixture.Server.ApiKey } } };
        return (await api.GetFromJsonAsync(new Uri(fixture.Server.HttpUrl!, $"sandboxes/{id}/network"), ApiJson.Default.SandboxNetworkReport, Cancel))!;
    }

    [Fact]
    public async Task An_unknown_sandbox_is_answered_with_those_that_there_are()
    {
        await Tools.RunAsync("true");

        foreach (var tool in new[] { "inspect_sandbox", "pause_sandbox", "list_commands", "list_files" })
        {
            var text = await Tools.FailAsync(tool, new { sandbox_id = "inventedid" });
            Assert.StartsWith("There is no sandbox 'inventedid': it never existed or has ended. Running now: ", text, StringComparison.Ordinal);
            Assert.Contains($"{Tools.SandboxId} (the session sandbox)", text, StringComparison.Ordinal);
        }
    }
}
