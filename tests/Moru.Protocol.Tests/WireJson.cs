using System.Text.Json;

namespace Moru.Protocol.Tests;

/// <summary>Wire samples as official clients and servers exchange them.</summary>
public sealed class WireJson
{
    [Fact]
    public void A_create_request_of_an_official_client_is_read_whole()
    {
        var request = JsonSerializer.Deserialize(
            """
            {"templateID":"base","timeout":300,"autoPause":false,"secure":true,"allow_internet_access":false,
             "metadata":{"a":"b"},"envVars":{"X":"1"},"network":{"allowOut":[]},"mcp":null}
            """,
            ApiJson.Default.NewSandbox)!;

        Assert.Equal(("base", 300, true, false), (request.TemplateId, request.Timeout, request.Secure, request.AllowInternetAccess));
        Assert.Equal("b", request.Metadata!["a"]);
        Assert.Equal("1", request.EnvVars!["X"]);
    }

    [Fact]
    public void A_created_sandbox_says_null_where_clients_require_the_member()
    {
        var json = JsonSerializer.Serialize(
            new SandboxAccess { TemplateId = "base", SandboxId = "i1", EnvdVersion = "0.4.3" }, ApiJson.Default.SandboxAccess);

        Assert.Equal(
            """{"templateID":"base","sandboxID":"i1","clientID":"6532622b","envdVersion":"0.4.3","envdAccessToken":null,"trafficAccessToken":null,"domain":null}""", json);
    }

    [Fact]
    public void A_sandbox_detail_is_written_as_the_control_plane_writes_it()
    {
        var listed = new ListedSandbox
        {
            TemplateId = "base",
            SandboxId = "i1",
            StartedAt = DateTimeOffset.UnixEpoch,
            EndAt = DateTimeOffset.UnixEpoch.AddMinutes(5),
            State = SandboxState.Paused,
            CpuCount = 2,
            MemoryMB = 1024,
            DiskSizeMB = 0,
            EnvdVersion = "0.4.3",
        };

        Assert.Equal(
            """
            {"envdAccessToken":"t","templateID":"base","sandboxID":"i1","clientID":"6532622b","startedAt":"1970-01-01T00:00:00+00:00","endAt":"1970-01-01T00:05:00+00:00","state":"paused","cpuCount":2,"memoryMB":1024,"diskSizeMB":0,"envdVersion":"0.4.3"}
            """,
            JsonSerializer.Serialize(new SandboxDetail(listed) { EnvdAccessToken = "t" }, ApiJson.Default.SandboxDetail));
    }

    [Theory]
    [InlineData("""{"event":{"start":{"pid":7}}}""")]
    [InlineData("""{"event":{"data":{"stdout":"aGk="}}}""")]
    [InlineData("""{"event":{"data":{"stderr":"aGk="}}}""")]
    [InlineData("""{"event":{"keepalive":{}}}""")]
    [InlineData("""{"event":{"end":{"exited":true,"status":"exit status 0"}}}""")]
    [InlineData("""{"event":{"end":{"exitCode":-1,"status":"signal: killed","error":"signal: killed"}}}""")]
    public void A_process_event_survives_reading_and_writing_unchanged(string json)
    {
        var read = JsonSerializer.Deserialize(json, EnvdJson.Default.StartResponse)!;

        Assert.Equal(json, JsonSerializer.Serialize(read, EnvdJson.Default.StartResponse));
    }

    [Theory]
    [InlineData("\"SIGNAL_SIGKILL\"", Signal.Kill)]
    [InlineData("\"SIGNAL_SIGTERM\"", Signal.Terminate)]
    [InlineData("9", Signal.Kill)]
    public void A_signal_is_read_by_name_and_by_number(string signal, Signal expected)
    {
        var request = JsonSerializer.Deserialize($$"""{"process":{"pid":3},"signal":{{signal}}}""", EnvdJson.Default.SendSignalRequest)!;

        Assert.Equal((3, expected), (request.Process.Pid, request.Signal));
    }

    [Fact]
    public void A_64_bit_size_is_text_on_the_wire()
    {
        var entry = new FileEntry { Name = "a", Path = "/a", Type = FileType.File, Size = 1L << 40, Mode = 420 };
        var json = JsonSerializer.Serialize(new ListDirResponse([entry]), EnvdJson.Default.ListDirResponse);

        Assert.Contains("\"size\":\"1099511627776\"", json, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"FILE_TYPE_FILE\"", json, StringComparison.Ordinal);
        Assert.Equal(1L << 40, JsonSerializer.Deserialize(json, EnvdJson.Default.ListDirResponse)!.Entries![0].Size);
    }
}
