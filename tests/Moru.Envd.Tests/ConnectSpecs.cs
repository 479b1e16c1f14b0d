using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class ConnectSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static StartRequest Echo(string? tag = null) =>
        new() { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "while read line; do echo \"<$line>\"; done"] }, Tag = tag };

    [Fact]
    public async Task A_late_listener_hears_the_start_then_only_what_is_new_then_the_end()
    {
        await using var first = await Conversation.StartAsync(envd, Echo("late"));
        await first.WriteAsync("old\n");
        await first.ShowsAsync("<old>");

        await using var second = await Conversation.JoinAsync(envd, new ProcessSelector { Tag = "late" });
        await first.WriteAsync("new\n");
        await second.ShowsAsync("<new>\n");
        await first.KillAsync();

        Assert.Equal(first.Pid, second.Pid);
        Assert.Equal("signal: killed", (await second.EndAsync()).Status);
        Assert.Equal(("<old>\n<new>\n", "<new>\n"), (first.Seen, second.Seen));
    }

    [Fact]
    public async Task A_tag_is_found_among_processes_with_other_tags_and_without()
    {
        await using var untagged = await Conversation.StartAsync(envd, Echo());
        await using var wanted = await Conversation.StartAsync(envd, Echo("wanted"));
        await using var other = await Conversation.StartAsync(envd, Echo("other"));

        await using var joined = await Conversation.JoinAsync(envd, new ProcessSelector { Tag = "wanted" });

        Assert.Equal(wanted.Pid, joined.Pid);
    }

    [Fact]
    public async Task Many_listeners_each_hear_everything_and_one_that_vanishes_disturbs_nobody()
    {
        await using var process = await Conversation.StartAsync(envd, Echo());
        var listeners = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Conversation.JoinAsync(envd, process.Selector)));
        await process.WriteAsync("one\n");
        foreach (var listener in listeners) await listener.ShowsAsync("<one>");

        await listeners[0].LeaveAsync();
        await process.WriteAsync(string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i}\n")));

        foreach (var listener in listeners[1..])
        {
            await listener.ShowsAsync("<1999>");
            Assert.Equal("<one>\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"<{i}>\n")), listener.Seen);
        }

        foreach (var listener in listeners) await listener.DisposeAsync();
    }

    [Fact]
    public async Task A_process_without_listeners_can_be_heard_again()
    {
        await using var first = await Conversation.StartAsync(envd, Echo("lonely"));
        await first.LeaveAsync();

        await using var second = await Conversation.JoinAsync(envd, new ProcessSelector { Tag = "lonely" });
        await second.WriteAsync("hello\n");

        await second.ShowsAsync("<hello>");
    }

    [Theory]
    [InlineData("""{"process":{"pid":4000000}}""", "not_found", "process with pid 4000000 not found")]
    [InlineData("""{"process":{"tag":"nobody"}}""", "not_found", "process with tag 'nobody' not found")]
    [InlineData("""{"process":{}}""", "invalid_argument", "name a process by pid or by tag")]
    [InlineData("{}", "invalid_argument", "name a process by pid or by tag")]
    public async Task Nobody_to_listen_to_is_said_inside_the_stream(string json, string code, string message)
    {
        var end = Assert.Single(await envd.StreamAsync("process.Process/Connect", RawConnect.Envelope(json)));

        Assert.Equal((Envelope.EndStreamFlag, code, message), (end.Flags, end.ErrorCode, end.ErrorMessage));
    }

    [Fact]
    public async Task A_time_limit_ends_the_listening_and_not_the_process()
    {
        await using var process = await Conversation.StartAsync(envd, Echo());

        var messages = await envd.StreamAsync(
            "process.Process/Connect", RawConnect.Envelope($$$"""{"process":{"pid":{{{process.Pid}}}}}"""), (Headers.ConnectTimeoutMs, "200.0"));
        await process.WriteAsync("still here\n");

        Assert.Equal("deadline_exceeded", messages[^1].ErrorCode);
        await process.ShowsAsync("<still here>");
    }

    [Fact]
    public async Task Silence_is_filled_with_keepalives_for_a_late_listener_too()
    {
        await using var process = await Conversation.StartAsync(envd, Commands.Program("sleep", "0.6"));

        var messages = await envd.StreamAsync(
            "process.Process/Connect", RawConnect.Envelope($$$"""{"process":{"pid":{{{process.Pid}}}}}"""), (Headers.KeepalivePingInterval, "0.1"));

        var kinds = messages.SkipLast(1).Select(message => message.Json.GetProperty("event").EnumerateObject().Single().Name).ToArray();
        Assert.Equal(("start", "end"), (kinds[0], kinds[^1]));
        Assert.Contains("keepalive", kinds);
    }

    [Fact]
    public async Task After_the_kill_of_a_process_its_pid_is_free()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var process = await Conversation.StartAsync(envd, Echo());

            await process.KillAsync();

            Assert.False(Directory.Exists($"/proc/{process.Pid}"));
        }
    }

    [Fact]
    public async Task After_the_end_event_the_pid_is_free()
    {
        for (var i = 0; i < 20; i++)
        {
            var finished = await envd.RunAsync(Commands.Program("true"));

            Assert.False(Directory.Exists($"/proc/{finished.Pid}"));
        }
    }
}
