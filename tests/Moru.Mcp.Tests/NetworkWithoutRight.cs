using System.Net;

namespace Moru.Mcp.Tests;

/// <summary>A server that lacks the right to filter packets promises nothing that it cannot keep.</summary>
public sealed class NetworkWithoutRight : IDisposable
{
    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task It_says_so_when_it_starts_and_refuses_rules_that_it_cannot_enforce()
    {
        await using var world = await World.StartAsync();
        world.Listen(new IPEndPoint(world.Public, 80), (_, _) => Task.CompletedTask);
        await using var server = McpProcess.StartUnder("setpriv --bounding-set=-net_admin", data.Path, "serve --port 0 --no-https");
        await server.Output.ReadLineAsync(Cancel);
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + Path.Combine(data.Path, "moru.sock")), ApiKey = (await File.ReadAllTextAsync(Path.Combine(data.Path, "api-key"), Cancel)).Trim() });
        await using var online = await client.CreateSandboxAsync(cancellationToken: Cancel);
        await using var offline = await client.CreateSandboxAsync(options: new() { AllowInternetAccess = false }, cancellationToken: Cancel);

        await Eventually.TrueAsync(() => server.Errors.Contains("Network rules of sandboxes cannot be enforced: the server may not administer the network; run it as root", StringComparison.Ordinal));
        foreach (var rules in (NetworkOptions[])[new() { AllowOut = ["198.51.100.1"] }, new() { AllowOut = ["good.test"] }, new() { DenyOut = ["203.0.113.0/24"] }])
        {
            var refused = await Assert.ThrowsAsync<InvalidArgumentException>(() => client.CreateSandboxAsync(options: new() { Network = rules }, cancellationToken: Cancel));
            Assert.Contains("cannot enforce allowOut and denyOut", refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<InvalidArgumentException>(() => offline.SetNetworkAsync(allowOut: ["198.51.100.1"], cancellationToken: Cancel));
        var visit = $"timeout 2 bash -c ': < /dev/tcp/{world.Public}/80' && echo reached || echo kept";
        Assert.Equal("reached\n", (await online.Commands.RunAsync(visit, cancellationToken: Cancel)).Stdout);
        Assert.Equal("kept\n", (await offline.Commands.RunAsync(visit, cancellationToken: Cancel)).Stdout);
        Assert.Single(world.Arrivals);
    }
}
