using System.Net;

namespace Moru.Mcp.Tests;

/// <summary>A server that is killed while sandboxes try to get out leaves no gap, and neither does the next one.</summary>
public sealed class NetworkCrash : IDisposable
{
    private readonly TemporaryDirectory data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task Nothing_forbidden_arrives_while_the_server_is_killed_and_started_again()
    {
        await using var world = await World.StartAsync();
        foreach (var address in (IPAddress[])[world.Public, world.OtherPublic, world.Private, World.Metadata])
        {
            world.Listen(new IPEndPoint(address, 80), (_, _) => Task.CompletedTask);
            world.Receive(new IPEndPoint(address, 80), _ => null);
        }

        await using var first = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        using var client = await ClientAsync(first);
        var open = await Escape.StartAsync(client, new(), world.Private, World.Metadata);
        var offline = await Escape.StartAsync(client, new() { AllowInternetAccess = false }, world.OtherPublic, world.Private);
        var named = await Escape.StartAsync(client, new() { Network = new() { AllowOut = ["good.test"] } }, world.OtherPublic, World.Metadata);
        string[] ids = [open.SandboxId, offline.SandboxId, named.SandboxId];

        for (var kill = 0; kill < 3; kill++)
        {
            await using var server = kill == 0 ? null : McpProcess.Start(data.Path, "serve --port 0 --no-https");
            if (server is not null) await server.Output.ReadLineAsync(Cancel);
            await RoundsAsync(ids);
            System.Diagnostics.Process.GetProcessById((server ?? first).Id).Kill();
            await RoundsAsync(ids);
        }

        await using var last = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        using var again = await ClientAsync(last);
        await RoundsAsync(ids);
        Assert.Empty(world.Arrivals);
        var sandbox = await again.ConnectSandboxAsync(open.SandboxId, cancellationToken: Cancel);
        await sandbox.Commands.RunAsync($": < /dev/tcp/{world.Public}/80", cancellationToken: Cancel);
        Assert.Single(world.Arrivals);
        foreach (var id in ids) await again.KillSandboxAsync(id, Cancel);
    }

    private static async Task<MoruClient> ClientAsync(McpProcess server)
    {
        var said = (await server.Output.ReadLineAsync(Cancel))!;
        var key = "";
        while (key.Length == 0)
            if ((await server.Output.ReadLineAsync(Cancel))!.Split('\'') is ["export MORU_API_KEY=", var value, ..]) key = value;
        return new MoruClient(new MoruOptions { ApiUrl = new Uri(said.Split(' ')[4].TrimEnd(',')), ApiKey = key, SandboxUrl = new Uri(said.Split(' ')[4].TrimEnd(',')) });
    }

    /// <summary>With or without a server.</summary>
    private static Task RoundsAsync(string[] ids) => Escape.RoundsAsync(ids, id => Shell.RunAsync("docker", "exec", "moru-" + id, "sh", "-c", Escape.Count));
}
