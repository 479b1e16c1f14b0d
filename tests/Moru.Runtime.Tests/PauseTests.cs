namespace Moru.Runtime.Tests;

/// <summary>Pauses and resumes while the engine or the server fails.</summary>
public sealed class PauseTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task While_it_is_pausing_a_second_pause_waits_and_succeeds_too()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        var hold = new TaskCompletionSource();
        node.Engine.BeforeFreeze = () => hold.Task;

        // Not over HTTP: here each call returns no sooner than it waits, so that the second is known to have come in time.
        var (first, second) = (node.Sandboxes.PauseAsync(created.Id, Node.Cancel), node.Sandboxes.PauseAsync(created.Id, Node.Cancel));
        Assert.False(first.IsCompleted || second.IsCompleted);
        hold.SetResult();
        await first;
        await second;

        Assert.Equal(1, node.Engine.Changes.Freezes);
        var late = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.PauseAsync(created.Id, Node.Cancel));
        Assert.Equal(RuntimeError.Conflict, late.Error);
    }

    [Fact]
    public async Task A_pause_that_the_engine_cannot_do_is_repeated_until_it_can()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        node.Engine.GoDown();

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.PauseAsync(created.Id, Node.Cancel));

        Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);
        Assert.False(node.Sandboxes.TryGetAddress(created.Id, out _));
        node.Engine.ComeBack();
        await Eventually.TrueAsync(() => node.Sandboxes.Find(created.Id)!.State is SandboxPhase.Paused);
        Assert.Equal([created.Id], node.Engine.FrozenIds);
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_pause_is_finished_later_whatever_the_deadline_says()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        var hold = new TaskCompletionSource();
        node.Engine.BeforeFreeze = () => hold.Task;
        var pausing = node.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        await Eventually.TrueAsync(() => node.Stored(created.Id)!.State is SandboxPhase.Pausing);
        node.Engine.BeforeFreeze = null;
        node.Clock.Advance(2 * Minute);

        await node.CrashAndReopenAsync();

        await Eventually.TrueAsync(() => node.Sandboxes.Find(created.Id)?.State is SandboxPhase.Paused);
        Assert.Equal([created.Id], node.Engine.FrozenIds);
        hold.SetResult();
        await pausing;
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_resume_takes_it_back()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        node.Engine.AgentsAreSilent = true;
        var resuming = node.Sandboxes.ConnectAsync(created.Id, Minute, Node.Cancel);
        await Eventually.TrueAsync(() => node.Engine.FrozenIds.Count == 0);
        Assert.Equal(SandboxPhase.Resuming, node.Stored(created.Id)!.State);

        await node.CrashAndReopenAsync();

        await Eventually.TrueAsync(() => node.Engine.FrozenIds.Count == 1);
        await Eventually.TrueAsync(() => node.Sandboxes.Find(created.Id)!.State is SandboxPhase.Paused);
        node.Engine.AgentsAreSilent = false;
        Assert.Equal(SandboxPhase.Running, (await resuming).Sandbox.State);
    }

    [Fact]
    public async Task A_paused_sandbox_outlives_the_runtime_with_its_settings()
    {
        await using var node = await Node.OpenAsync();
        var request = new SandboxRequest
        {
            TemplateId = "base", Timeout = Minute, Secure = true, AutoPause = true,
            Network = new NetworkRules { AllowPublicTraffic = false, MaskRequestHost = "localhost:${PORT}" },
        };
        var created = await node.Sandboxes.CreateAsync(request, Node.Cancel);
        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        var paused = node.Sandboxes.Find(created.Id);

        await node.ReopenAsync(between: () => node.Clock.Advance(TimeSpan.FromDays(30)));

        Assert.Equivalent(paused, node.Sandboxes.Find(created.Id), strict: true);
        var (resumed, _) = await node.Sandboxes.ConnectAsync(created.Id, Minute, Node.Cancel);
        Assert.Equal((created.AccessToken, created.TrafficToken, created.CreatedAt), (resumed.AccessToken, resumed.TrafficToken, resumed.CreatedAt));
    }

    [Fact]
    public async Task A_deadline_that_passed_meanwhile_pauses_a_sandbox_that_asked_for_it()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base", Timeout = Minute, AutoPause = true }, Node.Cancel);

        await node.ReopenAsync(between: () => node.Clock.Advance(5 * Minute));

        await Eventually.TrueAsync(() => node.Sandboxes.Find(created.Id)!.State is SandboxPhase.Paused);
    }

    [Theory]
    [InlineData(0, EndReason.Shutdown)]
    [InlineData(137, EndReason.Error)]
    public async Task A_paused_sandbox_whose_container_ends_has_ended_and_says_why(int exitCode, EndReason reason)
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);

        node.Engine.End(created.Id, exitCode);

        await Eventually.TrueAsync(() => node.Stored(created.Id)!.State is SandboxPhase.Ended);
        Assert.Equal(reason, node.Stored(created.Id)!.EndReason);
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_paused_sandbox_whose_container_vanished_meanwhile_has_ended_with_an_error()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);

        await node.ReopenAsync(between: () => node.Engine.Lose(created.Id));

        await Eventually.TrueAsync(() => node.Stored(created.Id) is { State: SandboxPhase.Ended, EndReason: EndReason.Error });
    }

    [Fact]
    public async Task What_somebody_else_froze_or_let_go_on_is_put_right()
    {
        await using var node = await Node.OpenAsync();
        var running = await node.CreateAsync(TimeSpan.FromHours(1));
        var paused = await node.CreateAsync(TimeSpan.FromHours(1));
        await node.Sandboxes.PauseAsync(paused.Id, Node.Cancel);

        await node.ReopenAsync(between: () =>
        {
            node.Engine.PauseAsync(running.Id, Node.Cancel).GetAwaiter().GetResult();
            node.Engine.ResumeAsync(paused.Id, Node.Cancel).GetAwaiter().GetResult();
        });

        Assert.Equal([paused.Id], node.Engine.FrozenIds);
    }

    [Fact]
    public async Task What_goes_through_to_a_sandbox_ends_when_it_is_paused_and_may_begin_again_when_it_runs()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        var before = node.Sandboxes.TrafficOf(created.Id);

        await node.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        var (ended, between) = (before.IsCancellationRequested, node.Sandboxes.TrafficOf(created.Id));
        await node.Sandboxes.ConnectAsync(created.Id, Minute, Node.Cancel);
        var after = node.Sandboxes.TrafficOf(created.Id);
        Assert.Equal((true, true, false), (ended, between.IsCancellationRequested, after.IsCancellationRequested));

        await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel);
        Assert.True(after.IsCancellationRequested);
    }

    [Fact]
    public async Task A_sandbox_past_the_longest_life_cannot_be_extended()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(10 * Minute);
        node.Clock.Advance(5 * Minute);

        await node.ReopenWithAsync(options => options with { MaxTimeout = Minute });

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.SetTimeoutAsync(created.Id, Minute, Node.Cancel));
        Assert.Contains("Max instance length exceeded", failure.Message, StringComparison.Ordinal);
    }
}
