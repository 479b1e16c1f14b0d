namespace Moru.Sdk.Tests;

public sealed class SandboxLifetime(ServerFixture fixture)
{
    private readonly MoruClient client = fixture.Client;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_sandbox_answers_at_once_and_is_listed_with_its_labels()
    {
        var labels = new Dictionary<string, string> { ["project"] = "a b&c=é", ["x"] = "y" };
        await using var sandbox = await client.CreateSandboxAsync(options: new() { Metadata = labels }, cancellationToken: Cancelled);

        Assert.True(await sandbox.IsRunningAsync(Cancelled));
        var listed = await client.ListSandboxesAsync(new Dictionary<string, string> { ["project"] = "a b&c=é" }, Cancelled).SingleAsync(Cancelled);
        Assert.Equal(sandbox.SandboxId, listed.SandboxId);
        Assert.Equal(labels, listed.Metadata);
        Assert.Equal("base", listed.TemplateId);
    }

    [Fact]
    public async Task A_label_that_no_sandbox_carries_finds_none()
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);

        Assert.Empty(await client.ListSandboxesAsync(new Dictionary<string, string> { ["nobody"] = "has this" }, Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task A_killed_sandbox_is_gone_from_the_list_and_answers_no_more()
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);

        Assert.True(await sandbox.KillAsync(Cancelled));

        Assert.False(await sandbox.KillAsync(Cancelled));
        Assert.False(await sandbox.IsRunningAsync(Cancelled));
        Assert.DoesNotContain(sandbox.SandboxId, await client.ListSandboxesAsync(cancellationToken: Cancelled).Select(s => s.SandboxId).ToListAsync(Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => sandbox.GetInfoAsync(Cancelled));
        var error = await Assert.ThrowsAsync<SandboxTimeoutException>(() => sandbox.Commands.RunAsync("true", cancellationToken: Cancelled));
        Assert.Contains(sandbox.SandboxId, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_kills()
    {
        string id;
        await using (var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled)) id = sandbox.SandboxId;

        Assert.False(await client.KillSandboxAsync(id, Cancelled));
    }

    [Fact]
    public async Task A_sandbox_whose_time_is_over_ends_within_a_second()
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);

        await sandbox.SetTimeoutAsync(TimeSpan.FromSeconds(1), Cancelled);

        var endAt = (await sandbox.GetInfoAsync(Cancelled)).EndAt;
        await Eventually.TrueAsync(async () => !await sandbox.IsRunningAsync(Cancelled), "the sandbox ends");
        Assert.InRange(DateTimeOffset.UtcNow, endAt, endAt.AddSeconds(5));
    }

    [Fact]
    public async Task Connecting_gives_the_same_sandbox_and_never_shortens_its_life()
    {
        await using var sandbox = await client.CreateSandboxAsync(options: new() { Timeout = TimeSpan.FromMinutes(10) }, cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("note", "kept", cancellationToken: Cancelled);
        var before = (await sandbox.GetInfoAsync(Cancelled)).EndAt;

        var again = await client.ConnectSandboxAsync(sandbox.SandboxId, TimeSpan.FromSeconds(30), Cancelled);

        Assert.Equal("kept", await again.Files.ReadTextAsync("note", cancellationToken: Cancelled));
        Assert.Equal(before, (await again.GetInfoAsync(Cancelled)).EndAt);
    }

    [Fact]
    public async Task The_environment_of_the_sandbox_reaches_every_command()
    {
        await using var sandbox = await client.CreateSandboxAsync(
            options: new() { Envs = new Dictionary<string, string> { ["COLOUR"] = "blue sky" } }, cancellationToken: Cancelled);

        var result = await sandbox.Commands.RunAsync("echo \"$COLOUR $MORU_SANDBOX $MORU_SANDBOX_ID\"", cancellationToken: Cancelled);

        Assert.Equal($"blue sky true {sandbox.SandboxId}\n", result.Stdout);
    }

    [Fact]
    public async Task Metrics_tell_what_a_sandbox_uses_and_when()
    {
        var before = DateTimeOffset.UtcNow.AddMinutes(-1);
        await using var sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

        await Eventually.TrueAsync(async () => (await sandbox.GetMetricsAsync(cancellationToken: Cancelled)).Count > 0);

        var sample = (await sandbox.GetMetricsAsync(before, cancellationToken: Cancelled))[0];
        Assert.True(sample is { CpuCount: > 0, MemoryUsedBytes: > 0, DiskTotalBytes: > 0 }, sample.ToString());
        Assert.True(sample.MemoryUsedBytes < sample.MemoryTotalBytes && sample.Timestamp > before, sample.ToString());
        Assert.Empty(await sandbox.GetMetricsAsync(end: before, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Logs_tell_what_ran_and_printed_also_after_the_end()
    {
        var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        await using (sandbox)
        {
            await sandbox.Commands.RunAsync("echo remembered", cancellationToken: Cancelled);
            await Eventually.TrueAsync(async () => (await sandbox.GetLogsAsync(cancellationToken: Cancelled)).Any(entry => entry.EventType == Protocol.LogEvents.ProcessEnd));
        }

        var kept = await client.GetSandboxLogsAsync(sandbox.SandboxId, cancellationToken: Cancelled);
        Assert.Contains(kept, entry => entry is { EventType: Protocol.LogEvents.Stdout, Message: "remembered\n" });
        Assert.Equal(kept.Skip(1).Select(entry => entry.Message), (await client.GetSandboxLogsAsync(sandbox.SandboxId, limit: kept.Count - 1, cancellationToken: Cancelled)).Select(entry => entry.Message));
        await Assert.ThrowsAsync<NotFoundException>(() => client.GetSandboxLogsAsync("ineverwas00000000000a", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Only_a_sandbox_with_internet_access_reaches_a_host_outside()
    {
        await using var outside = await OutsideHost.StartAsync();
        await using var open = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        await using var closed = await client.CreateSandboxAsync(options: new() { AllowInternetAccess = false }, cancellationToken: Cancelled);
        var fetch = $"curl -s -m 3 -o /dev/null -w '%{{http_code}}' http://{OutsideHost.Address}/health || true";

        Assert.Equal("204", (await open.Commands.RunAsync(fetch, cancellationToken: Cancelled)).Stdout);
        Assert.Equal("000", (await closed.Commands.RunAsync(fetch, cancellationToken: Cancelled)).Stdout);
    }

    [Fact]
    public async Task An_unknown_template_is_named_in_the_error()
    {
        var error = await Assert.ThrowsAsync<NotFoundException>(() => client.CreateSandboxAsync("no-such-template", cancellationToken: Cancelled));

        Assert.Contains("no-such-template", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeout_beyond_the_servers_maximum_is_refused_with_the_maximum()
    {
        var error = await Assert.ThrowsAsync<InvalidArgumentException>(
            () => client.CreateSandboxAsync(options: new() { Timeout = TimeSpan.FromDays(2) }, cancellationToken: Cancelled));

        Assert.Contains("86400", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sandbox_that_does_not_exist_is_not_found()
    {
        var error = await Assert.ThrowsAsync<NotFoundException>(() => client.ConnectSandboxAsync("inosuchsandbox", cancellationToken: Cancelled));

        Assert.Contains("inosuchsandbox", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_with_what_to_do()
    {
        using var nobody = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:/nonexistent/moru.sock") });

        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => nobody.CreateSandboxAsync(cancellationToken: Cancelled));

        Assert.Contains("./moru serve", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_sandboxes_cannot_reach_each_other()
    {
        await using var one = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        await using var other = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        var address = (await other.Commands.RunAsync("hostname -I", cancellationToken: Cancelled)).Stdout.Trim();

        var attempt = await Assert.ThrowsAsync<CommandExitException>(
            () => one.Commands.RunAsync($"curl -s -m 3 -o /dev/null http://{address}:49983/health", cancellationToken: Cancelled));

        Assert.Contains(attempt.ExitCode, new[] { 7, 28 }); // refused, or no answer
        await other.Commands.RunAsync($"curl -s -m 3 http://{address}:49983/health", cancellationToken: Cancelled);
    }
}
