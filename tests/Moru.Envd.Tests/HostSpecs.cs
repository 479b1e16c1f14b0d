using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What envd tells about its sandbox and leaves in it.</summary>
public abstract class HostSpecs(ContainerEnvd envd)
{
    [Fact]
    public async Task Init_leaves_the_variables_where_services_find_them()
    {
        await envd.Client.InitAsync(
            new InitRequest { EnvVars = new Dictionary<string, string> { ["MORU_SANDBOX"] = "true", ["MORU_SANDBOX_ID"] = "i1", ["MORU_TEMPLATE_ID"] = "t1", ["OTHER"] = "x" } },
            TestContext.Current.CancellationToken);

        var files = await envd.Client.ListDirectoryAsync(new ListDirRequest("/run/moru", 1), null, TestContext.Current.CancellationToken);
        Assert.Equal([".MORU_SANDBOX", ".MORU_SANDBOX_ID", ".MORU_TEMPLATE_ID"], files.Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Equal("i1", await envd.GetTextAsync("files?path=/run/moru/.MORU_SANDBOX_ID"));
    }

    [Fact]
    public async Task Init_names_the_event_service_once_and_anew_when_it_moves()
    {
        foreach (var address in (string[])["192.0.2.1", "192.0.2.2", "192.0.2.2"])
            await envd.Client.InitAsync(new InitRequest { HyperloopIP = address }, TestContext.Current.CancellationToken);
        await envd.Client.InitAsync(new InitRequest { EnvVars = new Dictionary<string, string> { ["A"] = "b" } }, TestContext.Current.CancellationToken);

        var hosts = await envd.GetTextAsync("files?path=/etc/hosts");
        Assert.Equal(["192.0.2.2\tevents.moru.local"], hosts.Split('\n').Where(line => line.Contains("events.moru.local")));
        Assert.Contains("localhost", hosts);
        Assert.Equal("""{"A":"b","MORU_EVENTS_ADDRESS":"http://192.0.2.2"}""", await envd.GetTextAsync("envs"));
    }

    [Fact]
    public async Task Metrics_know_the_sandboxs_own_limits()
    {
        var metrics = await envd.Client.MetricsAsync(TestContext.Current.CancellationToken);

        Assert.Equal((512L << 20, 512L, 1), (metrics.MemoryTotalBytes, metrics.MemoryTotalMiB, metrics.CpuCount));
        Assert.InRange(metrics.MemoryUsedBytes, 1, 200L << 20);
        Assert.InRange(metrics.CpuUsedPercent, 0, 100);
        Assert.InRange(metrics.DiskUsedBytes, 1, metrics.DiskTotalBytes);
        Assert.InRange(metrics.Timestamp, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
    }

    [Fact]
    public async Task Metrics_have_every_member_of_the_contract()
    {
        var text = await envd.GetTextAsync("metrics");

        var names = System.Text.Json.JsonDocument.Parse(text).RootElement.EnumerateObject().Select(member => member.Name);
        Assert.Equal(
            ["cpu_count", "cpu_used_pct", "disk_total", "disk_used", "mem_total", "mem_total_mib", "mem_used", "mem_used_mib", "ts"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Shutdown_flushes_and_ends_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => envd.Client.FlushAsync(TestContext.Current.CancellationToken)));

        await envd.Client.HealthAsync(TestContext.Current.CancellationToken);
    }
}

public sealed class EmptyHostSpecs(LimitedEmptyEnvd envd) : HostSpecs(envd), IClassFixture<LimitedEmptyEnvd>;

public sealed class DebianHostSpecs(LimitedDebianEnvd envd) : HostSpecs(envd), IClassFixture<LimitedDebianEnvd>
{
    [Fact]
    public async Task Metrics_follow_a_process_that_eats_memory_and_time()
    {
        var before = await envd.Client.MetricsAsync(TestContext.Current.CancellationToken);
        var eater = await envd.StartAndLeaveAsync(Commands.Program("python3", "-c", "x = b'x' * (150 << 20)\nwhile True: pass"));

        try
        {
            await Eventually.TrueAsync(
                async () => await envd.Client.MetricsAsync(TestContext.Current.CancellationToken) is { } now
                    && now.MemoryUsedBytes > before.MemoryUsedBytes + (140 << 20) && now.CpuUsedPercent is > 50 and <= 100,
                "memory and processor time are seen");
        }
        finally
        {
            await envd.Client.SendSignalAsync(new ProcessSelector { Pid = eater }, Signal.Kill, TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(
            async () => await envd.Client.MetricsAsync(TestContext.Current.CancellationToken) is { CpuUsedPercent: < 25 }, "rest is seen");
    }

    [Fact]
    public async Task Metrics_do_not_count_the_cache_of_files()
    {
        var before = await envd.Client.MetricsAsync(TestContext.Current.CancellationToken);

        await envd.ShAsync("head -c 200000000 /dev/zero > /root/cached; cat /root/cached > /dev/null; rm -f /root/none");

        var after = await envd.Client.MetricsAsync(TestContext.Current.CancellationToken);
        Assert.InRange(after.MemoryUsedBytes, 0, before.MemoryUsedBytes + (100 << 20));
    }

    [Fact]
    public async Task Init_does_without_files_that_it_cannot_write()
    {
        await envd.ShAsync("rm -rf /run/moru; mkfifo /run/moru");

        await envd.Client.InitAsync(new InitRequest { EnvVars = new Dictionary<string, string> { ["MORU_SANDBOX"] = "true" } }, TestContext.Current.CancellationToken);

        await envd.ShAsync("rm /run/moru");
    }

    [Theory]
    [InlineData("""{"hyperloopIP":"127.0.0.1\n6.6.6.6 google.com"}""", 400)]
    [InlineData("""{"hyperloopIP":"nowhere"}""", 400)]
    [InlineData("""{"hyperloopIP":""}""", 204)]
    [InlineData("""{"hyperloopIP":null,"envVars":null,"accessToken":null,"timestamp":null,"defaultUser":null,"defaultWorkdir":null,"volume":null}""", 204)]
    [InlineData("""{"volume":{"volumeId":"vol_x","mountPath":"/workspace"},"unknown":[1]}""", 204)]
    [InlineData("""{"timestamp":"2001-02-03T04:05:06.123456789Z"}""", 204)]
    [InlineData("""{"timestamp":"yesterday"}""", 400)]
    [InlineData("""{"defaultUser":"","defaultWorkdir":""}""", 204)]
    public async Task Init_takes_what_the_contract_allows(string json, int status)
    {
        var (code, _) = await envd.PostJsonAsync("init", json);

        Assert.Equal(status, (int)code);
    }

    [Fact]
    public async Task A_passwd_file_full_of_traps_is_read_for_what_it_is()
    {
        string[] rows =
        [
            "root:x:0:0:root:/root:/bin/bash", "", ":x:1:1::/:", "short:x:1", "nul\0:x:1:1::/:", "minus:x:-1:0::/:", "all:x:4294967295:0::/:", "huge:x:99999999999:0::/:",
            "words:x:one:two::/:", "twin:x:7001:7001::/tmp:", "twin:x:0:0::/tmp:", "rel:x:7002:7002::tmp:", "1234:x:7003:7003::/tmp:",
        ];
        await envd.ShAsync("cp /etc/passwd /etc/passwd.kept");
        try
        {
            await envd.Client.WriteFileAsync("/etc/passwd", new ByteArrayContent(Encoding.UTF8.GetBytes(string.Join('\n', rows))), null, TestContext.Current.CancellationToken);

            foreach (var name in (string[])["short", "nul", "minus", "all", "huge", "words", "0", "7001"])
            {
                using var response = await envd.GetAsync($"files?path=/etc/hosts&username={name}");
                await response.AssertErrorAsync(System.Net.HttpStatusCode.Unauthorized, $"invalid username: '{name}'");
                var error = await Assert.ThrowsAsync<ConnectException>(() => envd.ShAsync("true", user: name));
                Assert.Equal((ConnectCode.Unauthenticated, $"invalid username: '{name}'"), (error.Code, error.Message));
            }

            Assert.Equal("7001\n", (await envd.ShAsync("id -u", user: "twin")).Stdout);
            Assert.Equal("7002 /\n", (await envd.ShAsync("echo $(id -u) $HOME", user: "rel")).Stdout);
            Assert.Equal("7003\n", (await envd.ShAsync("id -u", user: "1234")).Stdout);
        }
        finally
        {
            await envd.ShAsync("cat /etc/passwd.kept > /etc/passwd");
        }
    }
}

/// <summary>A container of the base template's image that may use half a processor.</summary>
public sealed class LimitedDebianEnvd : ContainerEnvd
{
    protected override IReadOnlyList<string> Options => ["--cpus", "0.5"];

    protected override Task<string> ImageAsync() => Task.FromResult("moru/base");

    protected override Task RemoveImageAsync(string image) => Task.CompletedTask;
}

/// <summary>A container without a single file of its own that may use half a processor.</summary>
public sealed class LimitedEmptyEnvd : ContainerEnvd
{
    protected override IReadOnlyList<string> Options => ["--cpus", "0.5"];

    protected override Task<string> ImageAsync() => TestImages.EmptyAsync();
}
