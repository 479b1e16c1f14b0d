namespace Moru.Runtime.Tests;

/// <summary>Agents know when their sandbox is to end.</summary>
public sealed class DeadlineNewsTests
{
    [Fact]
    public async Task An_agent_is_told_its_deadline_at_the_start()
    {
        await using var node = await Node.OpenAsync();

        var created = await node.CreateAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(created.EndAt, node.Engine.Inits[created.Id].Deadline);
        Assert.Empty(node.Engine.Renewals);
    }

    [Fact]
    public async Task A_deadline_that_moves_is_told()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(TimeSpan.FromMinutes(5));

        var longer = await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.FromHours(2), Node.Cancel);
        await Eventually.TrueAsync(() => node.Engine.Renewals.Contains(longer.EndAt));
        var (longest, _) = await node.Sandboxes.ConnectAsync(created.Id, TimeSpan.FromHours(3), Node.Cancel);

        await Eventually.TrueAsync(() => node.Engine.Renewals.Contains(longest.EndAt));
    }

    [Fact]
    public async Task An_agent_that_did_not_listen_is_told_again()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(TimeSpan.FromMinutes(5));

        node.Engine.AgentsAreSilent = true;
        var longer = await node.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.FromHours(2), Node.Cancel);
        node.Engine.AgentsAreSilent = false;

        await Eventually.TrueAsync(() =>
        {
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            return node.Engine.Renewals.Contains(longer.EndAt);
        });
    }

    [Fact]
    public async Task A_server_that_comes_back_tells_everybody()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(TimeSpan.FromMinutes(5));

        await node.ReopenAsync();

        await Eventually.TrueAsync(() => node.Engine.Renewals.Contains(created.EndAt));
    }
}
