using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
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
    [InlineData("")]
    [InlineData("{public}")]
    [InlineData("198.51.100.0/24")]
    [InlineData("talk.test")]
    [InlineData("*.test")]
    public async Task New_rules_cut_open_connections_within_a_second(string allowed)
    {
        network.Dns["talk.test"] = [network.World.Public];
        await using var sandbox = allowed.Length == 0
            ? await network.CreateAsync()
            : await network.CreateAsync(allow: [allowed.Replace("{public}", $"{network.World.Public}", StringComparison.Ordinal)]);
        await using var talk = await sandbox.Commands.StartAsync($"{Talk} {(allowed.EndsWith("test", StringComparison.Ordinal) ? "talk.test" : network.World.Public)}", cancellationToken: Cancel);
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
        using var api = Api();

        var report = await ReportAsync(api, sandbox);
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
        Assert.Contains("no rule opens", await ExplainAsync("100.100.100.200"), StringComparison.Ordinal);
        Assert.Contains("by an allowed name alone", await ExplainAsync($"{network.World.Public}"), StringComparison.Ordinal);

        async Task<string> ExplainAsync(string host) =>
            (await api.GetFromJsonAsync<JsonElement>($"/sandboxes/{sandbox.SandboxId}/network/explain?host={host}", Cancel)).GetProperty("reason").GetString()!;
    }

    [Fact]
    public async Task Names_that_carry_data_out_are_few_and_told()
    {
        await using var sandbox = await network.CreateAsync();
        const string Leak =
            """
            import os, socket, time
            begun, codes = time.time(), []
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
            for i in range(600):
                label = os.urandom(31).hex().encode()
                s.sendto(b"\0\7\1\0\0\1\0\0\0\0\0\0\x3e" + label + b"\x04leak\x04test\0\0\x10\0\1", ("203.0.113.251", 53)); codes.append(s.recv(512)[3] & 15)
            print(codes.count(5), time.time() - begun)
            """;

        var said = (await sandbox.Commands.RunAsync($"python3 -c '{Leak}'", cancellationToken: Cancel)).Stdout.Split(' ');
        using var api = Api();
        var report = await ReportAsync(api, sandbox);

        var passed = network.Dns.Questions.Count(name => name.EndsWith(".leak.test", StringComparison.Ordinal));
        Assert.InRange(passed, 1, 200 + 50 * (1 + double.Parse(said[1], CultureInfo.InvariantCulture)));
        Assert.Equal(600 - passed, int.Parse(said[0], CultureInfo.InvariantCulture));
        Assert.Contains(report.GetProperty("decisions").EnumerateArray(), decision => decision.GetProperty("reason").GetString() == "it asks too many questions");
    }

    [Fact]
    public async Task Decisions_are_counted_by_who_made_them()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) => { if (instrument.Name == "moru.network.decisions") it.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => counted.AddOrUpdate($"{tags[0].Value} {tags[1].Value}", count, (_, before) => before + count));
        listener.Start();
        network.Dns["counted.test"] = [network.World.OtherPublic];
        await using var sandbox = await network.CreateAsync(allow: ["counted.test", $"{network.World.Public}"]);

        await NetworkFixture.TryAsync(sandbox, "name counted.test", "name other.test", $"udp {network.World.ThirdPublic} 5000", $"tcp {network.World.ThirdPublic} 80");
        await sandbox.Commands.RunAsync("curl -s http://counted.test/", cancellationToken: Cancel);

        string[] all = ["name_proxy allowed", "name_proxy refused", "packet_filter refused", "resolver allowed", "resolver refused"];
        await Eventually.TrueAsync(() => all.All(counted.ContainsKey));
        Assert.Equal(all, counted.Keys.Order());
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

    private HttpClient Api() => new() { BaseAddress = network.Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", network.Server.ApiKey } } };

    private static Task<JsonElement> ReportAsync(HttpClient api, Sandbox sandbox) => api.GetFromJsonAsync<JsonElement>($"/sandboxes/{sandbox.SandboxId}/network", Cancel);
}
