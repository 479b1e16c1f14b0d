using Moru.Protocol;

namespace Moru.Sdk.Tests;

public sealed class SandboxPauses(ServerFixture fixture)
{
    private readonly MoruClient client = fixture.Client;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_paused_sandbox_goes_on_where_it_was_when_it_is_connected_to()
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        var handle = await sandbox.Commands.StartAsync("sleep 4321", new() { Timeout = TimeSpan.Zero }, Cancelled);
        await sandbox.Files.WriteAsync("note", "kept", cancellationToken: Cancelled);

        Assert.True(await sandbox.PauseAsync(Cancelled));
        Assert.False(await sandbox.PauseAsync(Cancelled));
        Assert.False(await sandbox.IsRunningAsync(Cancelled));
        Assert.Equal(SandboxState.Paused, (await sandbox.GetInfoAsync(Cancelled)).State);
        await Assert.ThrowsAsync<SandboxTimeoutException>(() => handle.WaitAsync(Cancelled));

        await sandbox.ConnectAsync(TimeSpan.FromMinutes(2), Cancelled);

        Assert.True(await sandbox.IsRunningAsync(Cancelled));
        Assert.Equal("kept", await sandbox.Files.ReadTextAsync("note", cancellationToken: Cancelled));
        await using var again = await sandbox.Commands.ConnectAsync(handle.Pid, cancellationToken: Cancelled);
        Assert.True(await again.KillAsync(Cancelled));
    }

    [Fact]
    public async Task To_attach_changes_neither_the_life_of_a_sandbox_nor_its_state()
    {
        await using var sandbox = await client.CreateSandboxAsync(options: new() { Timeout = TimeSpan.FromMinutes(2) }, cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("note", "kept", cancellationToken: Cancelled);
        var end = (await sandbox.GetInfoAsync(Cancelled)).EndAt;

        var attached = await client.AttachSandboxAsync(sandbox.SandboxId, Cancelled);
        Assert.Equal("kept", await attached.Files.ReadTextAsync("note", cancellationToken: Cancelled));
        Assert.Equal(end, (await attached.GetInfoAsync(Cancelled)).EndAt);

        await sandbox.PauseAsync(Cancelled);
        var paused = await client.AttachSandboxAsync(sandbox.SandboxId, Cancelled);
        await Assert.ThrowsAsync<SandboxTimeoutException>(() => paused.Files.ReadTextAsync("note", cancellationToken: Cancelled));
        Assert.Equal(SandboxState.Paused, (await paused.GetInfoAsync(Cancelled)).State);
        await Assert.ThrowsAsync<NotFoundException>(() => client.AttachSandboxAsync("inosuchsandbox", Cancelled));
    }

    [Fact]
    public async Task With_auto_pause_the_end_is_a_pause()
    {
        await using var sandbox = await client.CreateSandboxAsync(options: new() { AutoPause = true }, cancellationToken: Cancelled);

        await sandbox.SetTimeoutAsync(TimeSpan.FromSeconds(1), Cancelled);

        await Eventually.TrueAsync(async () => (await sandbox.GetInfoAsync(Cancelled)).State is SandboxState.Paused, "the sandbox is paused");
    }

    [Fact]
    public async Task A_sandbox_that_is_not_there_cannot_be_paused() =>
        await Assert.ThrowsAsync<NotFoundException>(() => client.PauseSandboxAsync("inosuchsandbox", Cancelled));

    [Fact]
    public async Task Sandboxes_are_listed_by_label_and_state_page_by_page()
    {
        var labels = new Dictionary<string, string> { ["list"] = "of SDK & more" };
        await using var first = await client.CreateSandboxAsync(options: new() { Metadata = labels }, cancellationToken: Cancelled);
        await using var second = await client.CreateSandboxAsync(options: new() { Metadata = labels }, cancellationToken: Cancelled);
        await using var third = await client.CreateSandboxAsync(options: new() { Metadata = labels }, cancellationToken: Cancelled);
        await second.PauseAsync(Cancelled);

        var query = new SandboxQuery { Metadata = labels, PageSize = 2 };
        var page = await client.ListSandboxPageAsync(query, Cancelled);
        var rest = await client.ListSandboxPageAsync(query with { NextToken = page.NextToken }, Cancelled);

        Assert.Equal([third.SandboxId, second.SandboxId], page.Sandboxes.Select(each => each.SandboxId));
        Assert.Equal((first.SandboxId, null), (rest.Sandboxes.Single().SandboxId, rest.NextToken));
        Assert.Equal(3, await client.ListSandboxesAsync(query with { PageSize = 1 }, Cancelled).CountAsync(Cancelled));
        var paused = client.ListSandboxesAsync(query with { States = [SandboxState.Paused] }, Cancelled);
        Assert.Equal(second.SandboxId, (await paused.SingleAsync(Cancelled)).SandboxId);
        await Assert.ThrowsAsync<InvalidArgumentException>(() => client.ListSandboxPageAsync(query with { NextToken = "nonsense" }, Cancelled));
    }

    [Fact]
    public async Task Runs_tell_how_a_sandbox_ended()
    {
        await using var sandbox = await client.CreateSandboxAsync(cancellationToken: Cancelled);
        await sandbox.KillAsync(Cancelled);

        var run = await client.ListSandboxRunsAsync(Cancelled).FirstAsync(each => each.SandboxId == sandbox.SandboxId, Cancelled);

        Assert.Equal((SandboxRunStatus.Stopped, SandboxEndReason.Killed), (run.Status, run.EndReason));
    }
}
