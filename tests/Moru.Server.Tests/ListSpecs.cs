namespace Moru.Server.Tests;

public sealed class ListSpecs
{
    [Fact]
    public async Task The_first_list_shows_running_sandboxes_only_and_all_of_them()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { MaxSandboxes = 200 });
        var labelled = await server.CreateAsync("\"metadata\":{\"a\":\"b\"}");
        for (var i = 0; i < 101; i++) await server.CreateAsync();
        var paused = await server.CreatePausedAsync("\"metadata\":{\"a\":\"b\"}");

        var all = await server.GetAsync("/sandboxes?limit=1");
        var some = await server.GetAsync("/sandboxes?metadata=a%3Db");

        Assert.Equal(102, all.Ids.Count());
        Assert.DoesNotContain(paused, all.Ids);
        Assert.Equal([labelled], some.Ids);
        (await server.GetAsync("/sandboxes?metadata=a")).Fails(400, "metadata");
    }

    [Fact]
    public async Task An_entry_has_the_members_of_the_contract()
    {
        await using var server = await MemoryServer.StartAsync();
        await server.CreateAsync("\"metadata\":{\"a\":\"b\"}");

        var entry = (await server.GetAsync("/v2/sandboxes")).Json[0];

        string[] members =
            ["templateID", "sandboxID", "clientID", "startedAt", "endAt", "state", "cpuCount", "memoryMB", "diskSizeMB", "envdVersion", "alias", "metadata"];
        Assert.Equal(members.Order(), entry.EnumerateObject().Select(member => member.Name).Order());
    }

    [Theory]
    [InlineData("", "running paused")]
    [InlineData("?state=running", "running")]
    [InlineData("?state=paused", "paused")]
    [InlineData("?state=running,paused", "running paused")]
    [InlineData("?state=running&state=paused", "running paused")]
    public async Task States_are_chosen_by_commas_or_by_repetition(string query, string states)
    {
        await using var server = await MemoryServer.StartAsync();
        await server.CreatePausedAsync();
        await server.CreateAsync();

        var listed = await server.GetAsync("/v2/sandboxes" + query);

        Assert.Equal(states.Split(' ').Order(), listed.Json.EnumerateArray().Select(item => item.GetProperty("state").GetString()).Order());
        Assert.Equal(states.Contains("running", StringComparison.Ordinal) ? "1" : null, listed.Headers.GetValueOrDefault("X-Total-Running"));
    }

    [Theory]
    [InlineData("a%252520b%3Dc%252526d%25253D%2525C3%2525A9")]
    [InlineData("a%252520b%3Dc%252526d%25253D%2525C3%2525A9%26x%3Dy")]
    public async Task A_metadata_filter_is_encoded_three_times_and_all_its_pairs_must_match(string filter)
    {
        await using var server = await MemoryServer.StartAsync();
        var wanted = await server.CreateAsync("\"metadata\":{\"a b\":\"c&d=é\",\"x\":\"y\"}");
        await server.CreateAsync("\"metadata\":{\"a b\":\"c&d=é \",\"x\":\"y\"}");
        await server.CreateAsync("\"metadata\":{\"x\":\"y\"}");
        await server.CreateAsync();

        Assert.Equal([wanted], (await server.GetAsync($"/v2/sandboxes?metadata={filter}")).Ids);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("state=stopped", "state")]
    [InlineData("state=running,", "state")]
    [InlineData("nextToken=%21", "Invalid next token")]
    [InlineData("nextToken=YWJj", "Invalid next token")]
    [InlineData("metadata=a", "metadata")]
    [InlineData("metadata=a%3D", "metadata")]
    [InlineData("metadata=%3Db", "metadata")]
    [InlineData("metadata=a%3Db%3Dc", "metadata")]
    [InlineData("metadata=a%3Db%26", "metadata")]
    public async Task A_query_that_makes_no_sense_is_refused(string query, string says)
    {
        await using var server = await MemoryServer.StartAsync();

        (await server.GetAsync("/v2/sandboxes?" + query)).Fails(400, says);
    }

    [Fact]
    public async Task Pages_go_from_the_newest_to_the_oldest_then_by_id_across_both_states()
    {
        await using var server = await MemoryServer.StartAsync();
        var made = new List<(string Id, DateTimeOffset At)>();
        for (var i = 0; i < 6; i++)
        {
            // In pairs of the same moment; the first of each pair is paused later.
            if (i % 2 == 0) server.Clock.Advance(TimeSpan.FromSeconds(1));
            made.Add((await server.CreateAsync("\"timeout\":3000"), server.Clock.GetUtcNow()));
        }

        server.Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var (id, _) in made.Where((_, i) => i % 2 == 0)) await server.PostAsync($"/sandboxes/{id}/pause");

        var seen = new List<string?>();
        string? next = null;
        do
        {
            var page = await server.GetAsync($"/v2/sandboxes?limit=1{(next is null ? "" : "&nextToken=" + next)}");
            seen.Add(Assert.Single(page.Ids));
            Assert.Equal("3", page.Headers["X-Total-Running"]);
            next = page.Headers.GetValueOrDefault("X-Next-Token");
        }
        while (next is not null);

        Assert.Equal(made.OrderByDescending(entry => entry.At).ThenBy(entry => entry.Id, StringComparer.Ordinal).Select(entry => entry.Id), seen);
    }

    [Fact]
    public async Task A_last_page_that_is_full_has_no_next()
    {
        await using var server = await MemoryServer.StartAsync();
        await server.CreateAsync();
        await server.CreateAsync();

        var page = await server.GetAsync("/v2/sandboxes?limit=2");

        Assert.Equal(2, page.Ids.Count());
        Assert.DoesNotContain("X-Next-Token", page.Headers.Keys);
    }
}
