using Moru.Protocol;

namespace Moru.Server.Tests;

public sealed class LogEndpointSpecs
{
    [Fact]
    public async Task A_log_is_read_in_both_directions_and_from_a_cursor_on()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        var start = server.Clock.GetUtcNow();
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        server.Engine.Log = [.. Enumerable.Range(1, 9).Select(i => Entry(i, start.AddSeconds(i), i % 2 == 0 ? "stdout" : "stderr", $"line {i}"))];
        await Eventually.TrueAsync(async () => (await LinesAsync("")).Count == 9);

        Assert.Equal(["line 1", "line 2"], await LinesAsync("?limit=2"));
        Assert.Equal(["line 8", "line 9"], await LinesAsync("?limit=2&direction=backward"));
        var cursor = start.AddSeconds(7).ToUnixTimeMilliseconds();
        Assert.Equal(["line 7", "line 8", "line 9"], await LinesAsync($"?cursor={cursor}"));
        Assert.Equal(["line 8", "line 9"], await LinesAsync($"?cursor={cursor + 1}"));
        Assert.Equal(["line 6", "line 7"], await LinesAsync($"?cursor={cursor}&direction=backward&limit=2"));
        Assert.Equal(["line 2", "line 4", "line 6", "line 8"], await LinesAsync("?eventType=stdout"));
        Assert.Empty(await LinesAsync("?limit=0"));

        async Task<IReadOnlyList<string?>> LinesAsync(string query) =>
            [.. (await server.GetAsync($"/sandboxes/{id}/logs{query}")).Json.GetProperty("logs").EnumerateArray().Select(line => line.GetProperty("line").GetString())];
    }

    [Fact]
    public async Task An_entry_says_all_that_is_known_and_the_filter_keeps_starts_and_ends()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        server.Engine.Log =
        [
            Entry(1, server.Clock.GetUtcNow(), "process_start", "Process started: ls") with { Fields = new Dictionary<string, string> { ["command"] = "ls" } },
            Entry(2, server.Clock.GetUtcNow(), "stdout", "file\n"),
            Entry(3, server.Clock.GetUtcNow(), "process_end", "Process ended"),
        ];

        await Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{id}/logs")).Json.GetProperty("logEntries").GetArrayLength() == 3);

        var entries = (await server.GetAsync($"/sandboxes/{id}/logs?eventType=stderr")).Json.GetProperty("logEntries");
        Assert.Equal(["process_start", "process_end"], entries.EnumerateArray().Select(entry => entry.GetProperty("eventType").GetString()));
        Assert.Equal("ls", entries[0].GetProperty("fields").GetProperty("command").GetString());
        Assert.Equal(server.Clock.GetUtcNow(), entries[0].GetProperty("timestamp").GetDateTimeOffset());
    }

    [Fact]
    public async Task The_last_lines_before_a_kill_are_kept_after_the_end()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        // Metrics are asked for once the sandbox is observed.
        await Eventually.TrueAsync(() => server.Engine.MetricsAsked > 0);
        server.Engine.Log = [Entry(1, server.Clock.GetUtcNow(), "stdout", "last words")];

        await server.DeleteAsync($"/sandboxes/{id}");

        Assert.Equal("last words", (await server.GetAsync($"/sandboxes/{id}/logs")).Json.GetProperty("logs")[0].GetProperty("line").GetString());
    }

    [Fact]
    public async Task Times_that_cannot_be_are_put_right()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        var now = server.Clock.GetUtcNow();
        server.Engine.Log = [Entry(1, now.AddYears(-1), "stdout", "old"), Entry(2, now.AddYears(1), "stdout", "new")];

        await Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{id}/logs")).Json.GetProperty("logs") is var logs
            && logs.GetArrayLength() == 2 && logs.EnumerateArray().All(line => line.GetProperty("timestamp").GetDateTimeOffset() == now));
    }

    [Theory]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=9223372036854775807", "cursor")]
    [InlineData("direction=up", "direction")]
    [InlineData("eventType=all", "eventType")]
    public async Task A_bad_question_is_refused_by_name(string query, string says)
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.GetAsync($"/sandboxes/iunknown/logs?{query}")).Fails(400, says);
    }

    [Fact]
    public async Task A_sandbox_that_never_was_has_neither_logs_nor_metrics()
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.GetAsync("/sandboxes/iunknown/logs")).Fails(404, "iunknown");
        (await server.GetAsync("/sandboxes/iunknown/metrics")).Fails(404, "iunknown");
    }

    private static ProcessLogEntry Entry(long sequence, DateTimeOffset time, string type, string message) =>
        new() { Sequence = sequence, Timestamp = time, EventType = type, Message = message };
}
