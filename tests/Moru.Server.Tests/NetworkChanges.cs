using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Moru.Server.Tests;

/// <summary>Rules by address, their change while a sandbox runs, and what is told about them.</summary>
public sealed class NetworkChanges(NetworkFixture network) : IClassFixture<NetworkFixture>
{
    private static readonly string[] Everything = ["0.0.0.0/0"];

    // Sends for ever, and says how often it was answered.
    private const string Talk =
        """
        python3 -uc '
        import socket, sys, time
        s = socket.create_connection((sys.argv[1], 80)); s.settimeout(1)
        while True:
            s.send(b"GET / HTTP/1.1\r\nHost: talk.test\r\n\r\n"); s.recv(4096); print("answered"); time.sleep(0.02)
        '
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_allowed_beats_what_is_denied()
    {
        string[] targets = [$"tcp {network.World.Public} 80", $"tcp {network.World.OtherPublic} 80", $"tcp {network.World.ThirdPublic} 80", $"tcp {network.World.Private} 80"];
        await using var only = await network.CreateAsync(allow: [$"{network.World.OtherPublic}", $"{network.World.Private}"]);
        await using var except = await network.CreateAsync(deny: ["203.0.113.0/24"]);
        await using var both = await network.CreateAsync(allow: [$"{network.World.ThirdPublic}/32"], deny: ["203.0.113.0/24"]);
        await using var offline = await network.CreateAsync(internet: false, allow: [$"{network.World.Public}"]);

        Assert.Equal(["refused", "open", "refused", "refused"], await NetworkFixture.TryAsync(only, targets));
        Assert.Equal(["open", "refused", "refused", "refused"], await NetworkFixture.TryAsync(except, targets));
        Assert.Equal(["open", "refused", "open", "refused"], await NetworkFixture.TryAsync(both, targets));
        Assert.Equal(["open", "refused", "refused", "refused"], await NetworkFixture.TryAsync(offline, targets));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task New_rules_cut_open_connections_within_a_second(bool byName)
    {
        network.Dns["talk.test"] = [network.World.Public];
        await using var sandbox = byName ? await network.CreateAsync(allow: ["talk.test"]) : await network.CreateAsync();
        await using var talk = await sandbox.Commands.StartAsync($"{Talk} {(byName ? "talk.test" : network.World.Public)}", cancellationToken: Cancel);
        await using var output = talk.EventsAsync(Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await output.MoveNextAsync());

        await sandbox.SetNetworkAsync(allowOut: [$"{network.World.OtherPublic}"], cancellationToken: Cancel);
        var cut = Stopwatch.StartNew();
        while (await output.MoveNextAsync()) Assert.True(cut.Elapsed < TimeSpan.FromSeconds(1), "it goes on");

        Assert.Equal(["refused", "open"], await NetworkFixture.TryAsync(sandbox, $"tcp {network.World.Public} 80", $"tcp {network.World.OtherPublic} 80"));
    }

    [Fact]
    public async Task Rules_can_be_loosened_and_hold_for_a_new_server()
    {
        network.Dns["later.test"] = [network.World.OtherPublic];
        var sandbox = await network.CreateAsync(internet: false);
        string[] targets = [$"tcp {network.World.Public} 80", "name later.test"];
        Assert.Equal(["refused", "refused"], await NetworkFixture.TryAsync(sandbox, targets));

        await sandbox.SetNetworkAsync(allowOut: ["later.test"], cancellationToken: Cancel);
        Assert.Equal(["refused", $"{network.World.OtherPublic}"], await NetworkFixture.TryAsync(sandbox, targets));

        await network.RestartServerAsync();
        var again = await network.Client.ConnectSandboxAsync(sandbox.SandboxId, cancellationToken: Cancel);
        Assert.Equal(["refused", $"{network.World.OtherPublic}"], await NetworkFixture.TryAsync(again, targets));
        await again.KillAsync(Cancel);
    }

    [Fact]
    public async Task Every_decision_is_told_and_explained()
    {
        network.Dns["told.test"] = [network.World.OtherPublic];
        network.Dns["inside.test"] = [network.World.Private];
        await using var sandbox = await network.CreateAsync(allow: ["told.test", "inside.test"]);
        await NetworkFixture.TryAsync(sandbox, "name told.test", "name other.test", "name inside.test", $"tcp {World.Metadata} 80");
        using var api = new HttpClient { BaseAddress = network.Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", network.Server.ApiKey } } };

        var report = await api.GetFromJsonAsync<JsonElement>($"/sandboxes/{sandbox.SandboxId}/network", Cancel);
        var decisions = report.GetProperty("decisions").EnumerateArray()
            .Select(decision => $"{decision.GetProperty("source")} {decision.GetProperty("target")} {decision.GetProperty("allowed")}").ToList();

        Assert.True(report.GetProperty("enforced").GetBoolean());
        Assert.Equal("0.0.0.0/0", report.GetProperty("denyOut")[0].GetString());
        Assert.Contains("resolver told.test True", decisions);
        Assert.Contains("resolver other.test False", decisions);
        Assert.Contains("resolver inside.test False", decisions);
        Assert.Contains($"packetFilter tcp {World.Metadata}:80 False", decisions);
        Assert.Contains("'told.test' allows the name", await ExplainAsync("TOLD.test"), StringComparison.Ordinal);
        Assert.Contains("no rule allows the name", await ExplainAsync("other.test"), StringComparison.Ordinal);
        Assert.Contains("a private network", await ExplainAsync("inside.test"), StringComparison.Ordinal);
        Assert.Contains("metadata service", await ExplainAsync($"{World.Metadata}"), StringComparison.Ordinal);
        Assert.Contains("by an allowed name alone", await ExplainAsync($"{network.World.Public}"), StringComparison.Ordinal);

        async Task<string> ExplainAsync(string host) =>
            (await api.GetFromJsonAsync<JsonElement>($"/sandboxes/{sandbox.SandboxId}/network/explain?host={host}", Cancel)).GetProperty("reason").GetString()!;
    }

    [Fact]
    public async Task Malformed_rules_change_nothing()
    {
        await using var sandbox = await network.CreateAsync();

        var error = await Assert.ThrowsAsync<InvalidArgumentException>(() => sandbox.SetNetworkAsync(denyOut: ["example.com"], cancellationToken: Cancel));

        Assert.Contains("invalid denied CIDR 'example.com'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["open"], await NetworkFixture.TryAsync(sandbox, $"tcp {network.World.Public} 80"));
        await Assert.ThrowsAsync<NotFoundException>(() => network.Client.SetSandboxNetworkAsync("inosuchsandbox", denyOut: Everything, cancellationToken: Cancel));
    }
}
