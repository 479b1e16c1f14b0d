namespace Moru.Runtime.Tests;

public sealed class RandomWalkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    public async Task Whatever_16_clients_do_at_once_no_sandbox_is_lost_stuck_or_leaked(int seed)
    {
        await using var node = await Node.OpenAsync(options => options with { MaxSandboxes = 12 });
        var walk = new RandomWalk(node.Sandboxes, seed);

        await walk.RunAsync(clients: 16, operations: 5_000, most: 14, number =>
        {
            // Time goes on, and sometimes so far that whatever runs is over.
            node.Clock.Advance(TimeSpan.FromMilliseconds(10));
            if (number % 1_000 == 0) node.Clock.Advance(TimeSpan.FromHours(2));
        });

        await AgreeAsync(node);
        Assert.True(
            walk.Succeeded.Count == 8 && walk.Succeeded.Values.Min() >= 50,
            $"too little happened: {string.Join(", ", walk.Succeeded)}");
        foreach (var record in node.Sandboxes.List()) await node.Sandboxes.KillAsync(record.Id, EndReason.Killed, Node.Cancel);
        await Eventually.TrueAsync(() => node.Sandboxes.Live.Count == 0);
        Assert.Empty(node.Engine.SandboxIds);
        Assert.All(walk.Known, id => Assert.Equal(1, node.Engine.RemovalsOf(id)));
        var runs = node.Sandboxes.ListRuns(node.Runtime.Teams.First.Id, [SandboxPhase.Ended], null, int.MaxValue);
        Assert.Equal(walk.Known.Order(), runs.Select(run => run.Id).Order());
        Assert.All(runs, run => Assert.True(run.EndedAt >= run.CreatedAt && run.EndReason is EndReason.Killed or EndReason.Timeout));
    }

    [Fact]
    public async Task The_same_holds_when_the_server_is_killed_in_the_middle()
    {
        await using var node = await Node.OpenAsync();
        var walk = new RandomWalk(node.Sandboxes, seed: 7);
        await walk.RunAsync(clients: 16, operations: 500, most: 10);
        var before = node.Sandboxes.List().Select(record => record.Id);

        await node.CrashAndReopenAsync();

        await AgreeAsync(node);
        Assert.Equal(before.Order(), node.Sandboxes.List().Select(record => record.Id).Order());
    }

    /// <summary>Waits until nothing is under way, and compares records, containers and what is stored.</summary>
    private static async Task AgreeAsync(Node node)
    {
        await Eventually.TrueAsync(() => node.Sandboxes.Live.All(sandbox => sandbox.Record.State is SandboxPhase.Running or SandboxPhase.Paused
            && sandbox.Sentence is null && (sandbox.Record.State is SandboxPhase.Paused || sandbox.Record.EndAt > node.Clock.GetUtcNow())));
        await Eventually.TrueAsync(() => Same(node.Sandboxes.List().Select(record => record.Id), node.Engine.SandboxIds));
        await Eventually.TrueAsync(() => Same(
            node.Sandboxes.List().Where(record => record.State is SandboxPhase.Paused).Select(record => record.Id), node.Engine.FrozenIds));
        Assert.All(node.Sandboxes.List(), record => Assert.Equal(record.State, node.Stored(record.Id)!.State));
    }

    private static bool Same(IEnumerable<string> left, IEnumerable<string> right) => left.ToHashSet().SetEquals(right);
}
