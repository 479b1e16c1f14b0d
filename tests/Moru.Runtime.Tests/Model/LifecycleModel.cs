using CsCheck;

namespace Moru.Runtime.Tests;

/// <summary>
/// Whatever clients do at once, there is an order that explains it, and nothing is lost or left. CsCheck makes up what they do; a
/// failure names the seed, and <c>CsCheck_Seed</c> in the environment begins with it.
/// </summary>
public sealed class LifecycleModel
{
    private const int ClientCount = 16, Operations = 10_000;

    [Fact]
    public async Task Whatever_16_clients_do_at_once_some_order_explains_it_and_nothing_is_left()
    {
        var done = 0;
        // On average half of the longest scripts.
        await Step.Scripts(ClientCount, most: 100).SampleAsync(async scripts => done += await RunAsync(scripts), iter: 15, threads: 1, print: Step.Print);

        Assert.True(done >= Operations, $"only {done} operations");
    }

    [Fact]
    public async Task One_client_gets_exactly_what_the_model_says() =>
        await Step.Scripts(clients: 1, most: 60).SampleAsync(RunAsync, iter: 20, threads: 1, print: Step.Print);

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_loses_nothing() => await Step.Scripts(ClientCount, most: 20).SampleAsync(
        async scripts =>
        {
            await using var node = await Node.OpenAsync();
            await new Clients(node.Sandboxes, clock: null).RunAsync(scripts);
            await AgreeAsync(node);
            var before = node.Sandboxes.List().Select(record => (record.Id, record.State)).Order().ToList();

            await node.CrashAndReopenAsync();

            await AgreeAsync(node);
            Assert.Equal(before, node.Sandboxes.List().Select(record => (record.Id, record.State)).Order());
        },
        iter: 2, threads: 1, print: Step.Print);

    private static async Task<int> RunAsync(Step[][] scripts)
    {
        await using var node = await Node.OpenAsync(options => options with { MaxSandboxes = 12, MaxTimeout = TimeSpan.FromDays(1000) });
        var clients = new Clients(node.Sandboxes, node.Clock);
        await clients.RunAsync(scripts).WaitAsync(2 * Eventually.Limit, Node.Cancel);

        await AgreeAsync(node);
        await clients.CheckAsync();
        foreach (var record in node.Sandboxes.List()) await node.Sandboxes.KillAsync(record.Id, EndReason.Killed, Node.Cancel);
        await Eventually.TrueAsync(() => node.Sandboxes.Live.Count == 0);
        Assert.Empty(node.Engine.SandboxIds);
        Assert.All(clients.Made, id => Assert.Equal(1, node.Engine.RemovalsOf(id)));
        var runs = node.Sandboxes.ListRuns(node.Runtime.Teams.First.Id, [SandboxPhase.Ended], null, int.MaxValue);
        Assert.Equal(clients.Made.Order(), runs.Select(run => run.Id).Order());
        Assert.All(runs, run => Assert.True(run.EndedAt >= run.CreatedAt && run.EndReason is EndReason.Killed or EndReason.Timeout));
        return clients.Count;
    }

    /// <summary>Waits until nothing is under way, and compares records, containers and what is stored.</summary>
    private static async Task AgreeAsync(Node node)
    {
        await Eventually.TrueAsync(() => node.Sandboxes.Live.All(sandbox => sandbox.Record.State is SandboxPhase.Running or SandboxPhase.Paused
            && sandbox.Sentence is null && (sandbox.Record.State is SandboxPhase.Paused || sandbox.Record.EndAt > node.Clock.GetUtcNow())));
        var listed = node.Sandboxes.List();
        Assert.Equal(listed.Select(record => record.Id).Order(), node.Engine.SandboxIds.Order());
        Assert.Equal(listed.Where(record => record.State is SandboxPhase.Paused).Select(record => record.Id).Order(), node.Engine.FrozenIds.Order());
        Assert.All(listed, record => Assert.Equal(record.State, node.Stored(record.Id)!.State));
    }
}
