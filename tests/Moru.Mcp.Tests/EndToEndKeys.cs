namespace Moru.Mcp.Tests;

/// <summary>The commands that administer a server, as a shell runs them.</summary>
public sealed class EndToEndKeys : IDisposable
{
    private const string AdminToken = "the administrator's secret";

    private readonly TemporaryDirectory data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Keys_are_made_listed_and_deleted_with_and_without_a_running_server()
    {
        var key = (await RunAsync("keys create ci")).Single();
        Assert.Matches("^moru_[0-9a-f]{40}$", key);

        await using var serve = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        await serve.Output.ReadLineAsync(TestContext.Current.CancellationToken);
        var listed = (await RunAsync("keys")).Single(line => line.EndsWith("\tci", StringComparison.Ordinal)).Split('\t');
        Assert.Equal((key[..7] + "..." + key[^4..], "never used"), (listed[1], listed[2]));

        Assert.Empty(await RunAsync($"keys delete {listed[0]}"));
        Assert.DoesNotContain(await RunAsync("keys list"), line => line.EndsWith("\tci", StringComparison.Ordinal));
        await FailsAsync($"keys delete {listed[0]}");
    }

    [Fact]
    public async Task Teams_are_made_and_blocked_by_the_administrator_alone()
    {
        await FailsAsync("teams");
        var made = await RunAsync("teams create tenants", ("MORU_ADMIN_TOKEN", AdminToken));

        Assert.Single(await RunAsync($"keys --team {made[0]}", ("MORU_ADMIN_TOKEN", AdminToken)));
        await RunAsync($"teams block {made[0]}", ("MORU_ADMIN_TOKEN", AdminToken));

        var teams = await RunAsync("teams list", ("MORU_ADMIN_TOKEN", AdminToken));
        Assert.Equal(["active default", "blocked tenants"], teams.Select(line => line.Split('\t')).Select(parts => $"{parts[1]} {parts[3]}"));
        Assert.Matches("^moru_", made[1]);
    }

    private async Task<string[]> RunAsync(string arguments, params (string Name, string Value)[] variables)
    {
        await using var process = McpProcess.Start(data.Path, arguments, variables);
        var output = await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await process.ExitCodeAsync());
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task FailsAsync(string arguments)
    {
        await using var process = McpProcess.Start(data.Path, arguments);
        Assert.Equal("", await process.Output.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, await process.ExitCodeAsync());
    }
}
