namespace Moru.Runtime.Tests;

public sealed class RecoveryTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_running_sandbox_outlives_the_runtime_unchanged()
    {
        await using var node = await Node.OpenAsync();
        var request = new SandboxRequest
        {
            TemplateId = "base",
            Timeout = Minute,
            Secure = true,
            AllowInternet = false,
            Metadata = new Dictionary<string, string> { ["owner"] = "Zoë" },
            EnvVars = new Dictionary<string, string> { ["A"] = "1" },
        };
        var created = await node.Sandboxes.CreateAsync(request, Node.Cancel);

        await node.ReopenAsync();

        var found = node.Sandboxes.Find(created.Id);
        Assert.Equivalent(created, found, strict: true);
        Assert.Equal(0, node.Engine.RemovalsOf(created.Id));
        Assert.True(await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));
    }

    [Fact]
    public async Task A_killed_server_loses_no_sandbox()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        await node.CrashAndReopenAsync();

        Assert.Equivalent(created, node.Sandboxes.Find(created.Id), strict: true);
    }

    [Fact]
    public async Task A_deadline_that_passed_meanwhile_is_honoured()
    {
        await using var node = await Node.OpenAsync();
        var over = await node.CreateAsync(Minute);
        var alive = await node.CreateAsync(10 * Minute);

        await node.ReopenAsync(between: () => node.Clock.Advance(5 * Minute));

        Assert.Equal([alive.Id], node.Sandboxes.List().Select(record => record.Id));
        await Eventually.TrueAsync(() => node.Stored(over.Id)!.State is SandboxPhase.Ended);
        Assert.Equal(EndReason.Timeout, node.Stored(over.Id)!.EndReason);
        Assert.Equal([alive.Id], node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_sandbox_whose_container_vanished_meanwhile_has_ended_with_an_error()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        await node.ReopenAsync(between: () => node.Engine.Lose(created.Id));

        Assert.Null(node.Sandboxes.Find(created.Id));
        await Eventually.TrueAsync(() => node.Stored(created.Id) is { State: SandboxPhase.Ended, EndReason: EndReason.Error });
    }

    [Fact]
    public async Task A_container_that_stopped_meanwhile_is_removed()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        await node.ReopenAsync(between: () => node.Engine.End(created.Id, exitCode: 1));

        await Eventually.TrueAsync(() => node.Stored(created.Id) is { State: SandboxPhase.Ended, EndReason: EndReason.Error });
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_container_of_ours_without_a_record_is_removed_and_one_of_others_is_not()
    {
        await using var node = await Node.OpenAsync();
        var owner = node.Runtime.OwnerId;
        await node.Engine.StartAsync(Spec("iorphan", owner), Node.Cancel);
        await node.Engine.StartAsync(Spec("iforeign", "somebody"), Node.Cancel);

        await node.ReopenAsync();

        Assert.Equal(["iforeign"], node.Engine.SandboxIds);
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_start_leaves_no_container()
    {
        await using var node = await Node.OpenAsync();
        node.Engine.AgentsAreSilent = true;
        var creating = node.CreateAsync();
        await Eventually.TrueAsync(() => node.Engine.SandboxIds.Count == 1);
        var id = node.Engine.SandboxIds.Single();

        await node.CrashAndReopenAsync();

        await Eventually.TrueAsync(() => node.Stored(id) is { State: SandboxPhase.Ended, EndReason: EndReason.Error });
        Assert.Empty(node.Engine.SandboxIds);
        await Assert.ThrowsAsync<RuntimeException>(() => creating);
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_a_kill_is_finished_later()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);
        node.Engine.GoDown();
        await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel);

        await node.ReopenAsync(between: node.Engine.ComeBack);

        await Eventually.TrueAsync(() => node.Stored(created.Id)!.State is SandboxPhase.Ended);
        Assert.Equal(EndReason.Killed, node.Stored(created.Id)!.EndReason);
        Assert.Empty(node.Engine.SandboxIds);
    }

    [Fact]
    public async Task It_opens_while_the_engine_is_down_and_looks_after_things_when_it_returns()
    {
        await using var node = await Node.OpenAsync();
        var kept = await node.CreateAsync(Minute);
        var lost = await node.CreateAsync(Minute);

        await node.ReopenAsync(between: node.Engine.GoDown);

        Assert.Equal(2, node.Sandboxes.List().Count);
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.CreateAsync());
        Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);

        node.Engine.Lose(lost.Id);
        node.Engine.ComeBack();
        await Eventually.TrueAsync(() => node.Sandboxes.List().Count == 1);
        Assert.Equal([kept.Id], node.Sandboxes.List().Select(record => record.Id));
    }

    [Fact]
    public async Task What_ended_unnoticed_is_found_by_the_sweep()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(TimeSpan.FromHours(1));
        node.Engine.Lose(created.Id);

        // The loop looks at the clock at least every half minute, each time setting a new timer.
        await Eventually.TrueAsync(() =>
        {
            node.Clock.Advance(TimeSpan.FromSeconds(30));
            return node.Stored(created.Id)!.EndReason is not null;
        });

        Assert.Equal((EndReason.Error, null), (node.Stored(created.Id)!.EndReason, node.Sandboxes.Find(created.Id)));
    }

    [Fact]
    public async Task After_it_is_disposed_it_begins_nothing()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(Minute);

        await node.Runtime.DisposeAsync();
        await node.Runtime.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => node.CreateAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel));
        Assert.Equal([created.Id], node.Engine.SandboxIds);
    }

    private static ContainerSpec Spec(string id, string owner) => new()
    {
        SandboxId = id, OwnerId = owner, TemplateId = "base", Image = "moru/base:latest", EnvdPath = "/none",
        Limits = new SandboxLimits(1, 64, 0, 64), AllowInternet = true,
    };
}
