using System.Text;
using System.Text.Json;

namespace Moru.Envd.Tests;

/// <summary>A second opinion on the binary form: a client that shares neither code nor schema with envd.</summary>
public sealed class OfficialConnectSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private const string Process = "process.Process", Filesystem = "filesystem.Filesystem";

    [Fact]
    public async Task A_command_runs_with_all_that_it_was_given()
    {
        var answers = await envd.CallBinaryAsync(Process, "Start", $$"""
            {"process":{"cmd":"/bin/sh","args":["-c","printf \"$A$B é\"; pwd >&2; exit 7",""],"envs":{"A":"1","B":""},"cwd":"{{envd.Directory}}"},"stdin":false,"tag":"t"}
            """);
        var events = answers.Select(answer => answer.GetProperty("event")).ToArray();

        Assert.True(events[0].GetProperty("start").GetProperty("pid").GetInt32() > 0);
        Assert.Equal("1 é", Output(events, "stdout"));
        Assert.Equal(envd.Directory + "\n", Output(events, "stderr"));
        Assert.Equal("""{"exitCode":7,"exited":true,"status":"exit status 7","error":"exit status 7"}""", events[^1].GetProperty("end").GetRawText());
    }

    [Fact]
    public async Task A_running_process_is_listed_and_killed_by_its_tag()
    {
        var running = envd.CallBinaryAsync(Process, "Start", """{"process":{"cmd":"sleep","args":["1000"]},"tag":"binary"}""");
        await Eventually.TrueAsync(async () => (await envd.Client.ListProcessesAsync(CancellationToken.None)).Count > 0, "the process runs");

        var listed = Assert.Single(await envd.CallBinaryAsync(Process, "List", "{}")).GetProperty("processes")[0];
        await envd.CallBinaryAsync(Process, "SendSignal", """{"process":{"tag":"binary"},"signal":"SIGNAL_SIGKILL"}""");

        Assert.Equal("""{"cmd":"sleep","args":["1000"]}""", listed.GetProperty("config").GetRawText());
        Assert.Equal("binary", listed.GetProperty("tag").GetString());
        Assert.Equal("""{"exitCode":-1,"status":"signal: killed","error":"signal: killed"}""", (await running)[^1].GetProperty("event").GetProperty("end").GetRawText());
    }

    [Fact]
    public async Task A_directory_is_listed_with_sizes_and_times()
    {
        var file = Path.Combine(envd.Directory, "file");
        await File.WriteAllTextAsync(file, "12345", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc));
        File.CreateSymbolicLink(Path.Combine(envd.Directory, "link"), file);

        var entries = Assert.Single(await envd.CallBinaryAsync(Filesystem, "ListDir", JsonSerializer.Serialize(new { path = envd.Directory }))).GetProperty("entries");

        Assert.Equal(("file", "FILE_TYPE_FILE", "5", "2001-02-03T04:05:06.789Z"), (Text(0, "name"), Text(0, "type"), Text(0, "size"), Text(0, "modifiedTime")));
        Assert.Equal((file, false), (Text(1, "symlinkTarget"), entries[0].TryGetProperty("symlinkTarget", out _)));

        string? Text(int index, string name) => entries[index].GetProperty(name).GetString();
    }

    [Theory]
    [InlineData(Filesystem, "ListDir", """{"path":"/nothing/here"}""", "NotFound")]
    [InlineData(Process, "SendSignal", """{"process":{"pid":4000000},"signal":"SIGNAL_SIGTERM"}""", "NotFound")]
    [InlineData(Process, "SendSignal", """{"signal":"SIGNAL_SIGTERM"}""", "InvalidArgument")]
    [InlineData(Process, "Start", """{"process":{"cmd":"/nothing/here"}}""", "InvalidArgument")]
    public async Task A_failure_keeps_its_code_and_text(string service, string method, string request, string code)
    {
        var failure = Assert.Single(await envd.CallBinaryAsync(service, method, request));

        Assert.Equal(code, failure.GetProperty("code").GetString());
        Assert.NotEmpty(failure.GetProperty("message").GetString()!);
    }

    private static string Output(IEnumerable<JsonElement> events, string name) => string.Concat(events
        .Where(item => item.TryGetProperty("data", out var data) && data.TryGetProperty(name, out _))
        .Select(item => Encoding.UTF8.GetString(item.GetProperty("data").GetProperty(name).GetBytesFromBase64())));
}
