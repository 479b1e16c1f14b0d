using System.Diagnostics;

namespace Moru.Agents.Tests;

/// <summary>When the sandboxes of conversations begin and end.</summary>
public sealed class SandboxLives(ServerFixture fixture) : AgentTest(fixture)
{
    [Fact]
    public async Task An_agent_that_is_never_disposed_leaves_nothing_behind_for_longer_than_its_idle_timeout()
    {
        var abandoned = new AgentSandbox(Client, new() { IdleTimeout = TimeSpan.FromSeconds(2) });
        var id = (await abandoned.GetAsync(cancellationToken: Cancelled)).SandboxId;

        await Eventually.TrueAsync(async () => !await IsRunningAsync(id));
    }

    [Fact]
    public async Task A_sandbox_that_is_still_being_made_is_killed_too()
    {
        var conversation = $"cancelled-{Guid.NewGuid():N}";
        var sandbox = new AgentSandbox(Client, new() { ConversationId = conversation });
        using var giveUp = new CancellationTokenSource();
        var asked = sandbox.GetAsync(cancellationToken: giveUp.Token);

        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await sandbox.DisposeAsync();

        await foreach (var left in Client.ListSandboxesAsync(new Dictionary<string, string> { ["conversation"] = conversation }, Cancelled)) Assert.Fail($"{left.SandboxId} is left");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sandbox.GetAsync(cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Calls_at_the_same_time_make_one_sandbox()
    {
        await using var sandbox = new AgentSandbox(Client);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => sandbox.GetAsync(cancellationToken: Cancelled)));

        Assert.Single(all.Select(each => each.SandboxId).Distinct());
    }

    [Fact]
    public async Task A_sandbox_that_ended_is_replaced_and_the_model_is_told_once()
    {
        await using var moru = Tools();
        await InvokeAsync(moru.Function("run_command"), ("command", "true"));
        var first = moru.Sandbox.SandboxId!;
        await Client.KillSandboxAsync(first, Cancelled);

        var replaced = (string?)await InvokeAsync(moru.Function("run_command"), ("command", "echo again"));
        var usual = (string?)await InvokeAsync(moru.Function("run_command"), ("command", "echo again"));

        Assert.StartsWith("<untrusted>\nagain\n", replaced, StringComparison.Ordinal);
        Assert.Contains($"[note: The session sandbox {first} had ended", replaced, StringComparison.Ordinal);
        Assert.DoesNotContain("note:", usual, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_ends_its_command_and_keeps_the_sandbox()
    {
        await using var moru = Tools();
        using var giveUp = new CancellationTokenSource();
        var sandbox = await moru.Sandbox.GetAsync(cancellationToken: Cancelled);
        var run = moru.Function("run_command").InvokeAsync(new AIFunctionArguments { ["command"] = "sleep 4321" }, giveUp.Token).AsTask();
        await Eventually.TrueAsync(async () => (await sandbox.Commands.ListAsync(Cancelled)).Any(process => process.Command.Contains("sleep 4321", StringComparison.Ordinal)));

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        await Eventually.TrueAsync(async () => (await sandbox.Commands.ListAsync(Cancelled)).Count == 0);
        Assert.True(await IsRunningAsync(sandbox.SandboxId));
    }

    [Fact]
    public async Task A_named_sandbox_outlives_its_conversation_and_is_found_again()
    {
        var options = new AgentSandboxOptions { Name = $"kept-{Guid.NewGuid():N}", ConversationId = "kept", Sandbox = new() { Envs = new Dictionary<string, string> { ["MOOD"] = "good" } } };
        string id;
        await using (var first = new AgentSandbox(Client, options)) id = (await first.GetAsync(cancellationToken: Cancelled)).SandboxId;

        await using var second = new AgentSandbox(Client, options);
        var sandbox = await second.GetAsync(cancellationToken: Cancelled);

        Assert.Equal(id, sandbox.SandboxId);
        Assert.Equal("good\n", (await sandbox.Commands.RunAsync("echo $MOOD", cancellationToken: Cancelled)).Stdout);
        Assert.Equal("kept", (await sandbox.GetInfoAsync(Cancelled)).Metadata["conversation"]);
        Assert.True(await second.KillAsync(Cancelled));
        Assert.False(await IsRunningAsync(id));
    }

    [Fact]
    public async Task A_bound_sandbox_is_left_without_our_interpreters_and_never_replaced()
    {
        await using var mine = await Client.CreateSandboxAsync(cancellationToken: Cancelled);
        var bound = AgentSandbox.Bind(Client, mine);
        await using (var moru = new MoruTools(bound)) await InvokeAsync(moru.Function("run_code"), ("code", "1"));
        await bound.Python.RunAsync("1", cancellationToken: Cancelled);
        Assert.Equal(2, (await mine.Commands.ListAsync(Cancelled)).Count);

        await bound.DisposeAsync();

        Assert.Empty(await mine.Commands.ListAsync(Cancelled));
        Assert.True(await IsRunningAsync(mine.SandboxId));

        await using var again = AgentSandbox.Bind(Client, mine);
        await using var tools = new MoruTools(again);
        await mine.KillAsync(Cancelled);
        Assert.Equal($"Error: Sandbox '{mine.SandboxId}', which this session is bound to, has ended.", (string?)await InvokeAsync(tools.Function("run_command"), ("command", "true")));
    }

    [Fact]
    public async Task A_pool_gives_each_conversation_its_own_and_kills_them_all()
    {
        var pool = new AgentSandboxPool(Client, new() { Ready = 1 });
        var one = await pool.OpenAsync("one");
        var two = await pool.OpenAsync("two");
        var ids = new[] { (await one.GetAsync(cancellationToken: Cancelled)).SandboxId, (await two.GetAsync(cancellationToken: Cancelled)).SandboxId };

        Assert.NotEqual(ids[0], ids[1]);
        Assert.Same(one, await pool.OpenAsync("one"));
        Assert.True(await pool.CloseAsync("one"));
        Assert.False(await IsRunningAsync(ids[0]));
        Assert.True(await IsRunningAsync(ids[1]));

        await pool.DisposeAsync();
        Assert.False(await IsRunningAsync(ids[1]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.OpenAsync("three"));
    }

    [Fact]
    public async Task A_full_pool_closes_the_conversation_not_opened_for_longest()
    {
        await using var pool = new AgentSandboxPool(Client, new() { MaxConversations = 1 });
        var first = (await (await pool.OpenAsync("first")).GetAsync(cancellationToken: Cancelled)).SandboxId;

        await pool.OpenAsync("second");

        Assert.False(await IsRunningAsync(first));
    }

    [Fact]
    public async Task A_sandbox_kept_ready_that_ended_unused_is_passed_over()
    {
        var label = new Dictionary<string, string> { ["pool"] = Guid.NewGuid().ToString() };
        await using var pool = new AgentSandboxPool(Client, new() { Ready = 1, Sandbox = new() { Sandbox = new() { Metadata = label } } });
        string? ready = null;
        await Eventually.TrueAsync(async () =>
        {
            await foreach (var sandbox in Client.ListSandboxesAsync(label, Cancelled)) ready = sandbox.SandboxId;
            return ready is not null;
        });
        await Client.KillSandboxAsync(ready!, Cancelled);

        var used = await (await pool.OpenAsync("one")).GetAsync(cancellationToken: Cancelled);

        Assert.NotEqual(ready, used.SandboxId);
        Assert.True(await used.IsRunningAsync(Cancelled));
    }

    [Fact]
    public async Task Traces_and_labels_carry_the_conversation()
    {
        var id = $"chat-{Guid.NewGuid():N}";
        var seen = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Moru.Agents",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var sandbox = new AgentSandbox(Client, new() { ConversationId = id });
        await using var moru = new MoruTools(sandbox);

        await InvokeAsync(moru.Function("run_command"), ("command", "true"));

        var call = Assert.Single(seen, activity => id.Equals(activity.GetTagItem("gen_ai.conversation.id")));
        Assert.Equal(("execute_tool run_command", sandbox.SandboxId), (call.DisplayName, call.GetTagItem("moru.sandbox.id")));
        Assert.Equal(id, (await Client.GetSandboxInfoAsync(sandbox.SandboxId!, Cancelled)).Metadata["conversation"]);
    }
}
