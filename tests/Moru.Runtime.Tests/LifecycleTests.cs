namespace Moru.Runtime.Tests;

public sealed class LifecycleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_killed_sandbox_is_gone_with_its_container()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync();

        Assert.True(await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));

        Assert.Null(node.Sandboxes.Find(created.Id));
        Assert.False(node.Sandboxes.TryGetAddress(created.Id, out _));
        Assert.Empty(node.Engine.SandboxIds);
        Assert.Equal((SandboxPhase.Ended, EndReason.Killed), (node.Stored(created.Id)!.State, node.Stored(created.Id)!.EndReason));
    }

    [Fact]
    public async Task Killing_what_is_not_there_is_false()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync();
        await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel);

        Assert.False(await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));
        Assert.False(await node.Sandboxes.KillAsync("iunknown", EndReason.Killed, Node.Cancel));
    }

    [Fact]
    public async Task Of_many_killers_one_wins_and_the_container_is_removed_once()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        // The reaper joins in: its deadline has come as well.
        node.Clock.Advance(Minute);
        var kills = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            Task.Run(() => node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel), Node.Cancel)));

        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 0);
        Assert.Equal(1, node.Engine.RemovalsOf(created.Id));
        var reason = node.Stored(created.Id)!.EndReason;
        Assert.Equal(reason is EndReason.Killed ? 1 : 0, kills.Count(won => won));
    }

    [Fact]
    public async Task A_timeout_set_anew_counts_from_now_and_may_shorten()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        node.Clock.Advance(TimeSpan.FromSeconds(10));

        var longer = await node.Sandboxes.SetTimeoutAsync(created.Id, 2 * Minute, Node.Cancel);
        var shorter = await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.FromSeconds(5), Node.Cancel);

        Assert.Equal(created.StartedAt + TimeSpan.FromSeconds(130), longer.EndAt);
        Assert.Equal(created.StartedAt + TimeSpan.FromSeconds(15), shorter.EndAt);
        Assert.Equal(shorter.EndAt, node.Stored(created.Id)!.EndAt);
    }

    [Fact]
    public async Task No_timeout_reaches_beyond_the_longest_life()
    {
        await using var node = await Node.OpenAsync(options => options with { MaxTimeout = TimeSpan.FromHours(1) });
        var created = await node.CreateAsync(Minute);
        node.Clock.Advance(TimeSpan.FromSeconds(30));

        var moved = await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.MaxValue, Node.Cancel);

        Assert.Equal(created.StartedAt + TimeSpan.FromHours(1), moved.EndAt);
    }

    [Fact]
    public async Task Connecting_only_ever_extends()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        var same = await node.Sandboxes.ConnectAsync(created.Id, TimeSpan.FromSeconds(5), Node.Cancel);
        var longer = await node.Sandboxes.ConnectAsync(created.Id, 3 * Minute, Node.Cancel);

        Assert.Equal(created.EndAt, same.Sandbox.EndAt);
        Assert.Equal(created.StartedAt + 3 * Minute, longer.Sandbox.EndAt);
    }

    [Fact]
    public async Task The_deadline_of_an_unknown_sandbox_cannot_be_moved()
    {
        await using var node = await Node.OpenAsync();

        var set = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.SetTimeoutAsync("inone", Minute, Node.Cancel));
        var connect = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.ConnectAsync("inone", Minute, Node.Cancel));

        Assert.Equal((RuntimeError.SandboxNotFound, RuntimeError.SandboxNotFound), (set.Error, connect.Error));
        Assert.Contains("'inone'", set.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sandbox_ends_at_its_deadline_and_not_before()
    {
        await using var node = await Node.OpenAsync();
        var early = await node.CreateAsync(Minute);
        var late = await node.CreateAsync(Minute + TimeSpan.FromMilliseconds(1));

        node.Clock.Advance(Minute);

        await Eventually.TrueAsync(() => node.Stored(early.Id)!.State is SandboxPhase.Ended);
        Assert.Equal(EndReason.Timeout, node.Stored(early.Id)!.EndReason);
        Assert.Equal([late.Id], node.Sandboxes.List().Select(record => record.Id));
        Assert.Equal([late.Id], node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_deadline_that_was_moved_closer_is_kept()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.FromSeconds(1), Node.Cancel);

        node.Clock.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(() => node.Sandboxes.Find(created.Id) is null);
    }

    [Fact]
    public async Task A_timeout_of_zero_ends_the_sandbox_now()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.Zero, Node.Cancel);

        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 0);
    }

    [Fact]
    public async Task A_removal_that_the_engine_cannot_do_is_repeated_until_it_can()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        node.Engine.GoDown();

        Assert.True(await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));

        Assert.Null(node.Sandboxes.Find(created.Id));
        Assert.Equal(SandboxPhase.Killing, node.Stored(created.Id)!.State);
        Assert.Equal([created.Id], node.Engine.SandboxIds);
        node.Engine.ComeBack();
        await Eventually.TrueAsync(() => node.Stored(created.Id)!.State is SandboxPhase.Ended);
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_sandbox_whose_container_ends_by_itself_has_ended_with_an_error()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        node.Engine.End(created.Id, exitCode: 137);

        await Eventually.TrueAsync(() => node.Stored(created.Id)!.State is SandboxPhase.Ended);
        Assert.Equal(EndReason.Error, node.Stored(created.Id)!.EndReason);
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task While_the_engine_is_down_creates_say_so_and_leave_nothing_behind()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.GoDown();
        await Eventually.TrueAsync(() => node.Sandboxes.EngineIsDown);

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.CreateAsync());

        Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);
        Assert.Empty(node.Sandboxes.Live);
        node.Engine.ComeBack();
        await node.CreateAsync();
    }
}
