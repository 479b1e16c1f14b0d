using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>The two forms of messages, and what the headers of a call may ask for.</summary>
public sealed class CodecSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_in_binary_is_answered_in_binary()
    {
        await File.WriteAllTextAsync(Path.Combine(envd.Directory, "a"), "hello", Cancelled);

        using var response = await envd.PostAsync(
            "filesystem.Filesystem/ListDir", "application/proto", Encoded(new ListDirRequest(envd.Directory)), ("Authorization", "Basic cm9vdDo="));
        var answer = MessageCodec.Protobuf.Decode(await response.Content.ReadAsByteArrayAsync(Cancelled), EnvdJson.Default.ListDirResponse);

        Assert.Equal((HttpStatusCode.OK, "application/proto"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        var entry = Assert.Single(answer.Entries!);
        Assert.Equal(("a", FileType.File, 5, File.GetLastWriteTimeUtc(entry.Path)), (entry.Name, entry.Type, entry.Size, entry.ModifiedTime.UtcDateTime));
    }

    [Fact]
    public async Task A_failed_call_in_binary_is_answered_in_json()
    {
        using var response = await envd.PostAsync(
            "filesystem.Filesystem/ListDir", "application/proto", Encoded(new ListDirRequest("/nothing/here")), ("Authorization", "Basic cm9vdDo="));

        Assert.Equal((HttpStatusCode.NotFound, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Contains("\"code\":\"not_found\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task A_stream_in_binary_ends_in_json()
    {
        var start = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "printf hello; exit 3"] } };

        var (events, end) = await StartBinaryAsync(MessageOf(start));

        Assert.NotNull(events[0].Start);
        Assert.Equal("hello", string.Concat(events.Select(item => item.Data?.Stdout is { } text ? Encoding.UTF8.GetString(text.Span) : "")));
        Assert.Equal((3, true, "exit status 3"), (events[^1].End!.ExitCode, events[^1].End!.Exited, events[^1].End!.Error));
        Assert.Equal("{}", end);
    }

    [Theory]
    [InlineData("0A05", "process.StartRequest ends inside field 'process'")]
    [InlineData("", "process")]
    public async Task A_broken_message_in_binary_is_refused_inside_the_stream(string hex, string problem)
    {
        var (events, end) = await StartBinaryAsync(Convert.FromHexString(hex));

        Assert.Empty(events);
        Assert.Contains("\"code\":\"invalid_argument\"", end, StringComparison.Ordinal);
        Assert.Contains(problem, end, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("process.Process/List", "application/xml", "application/json, application/proto")]
    [InlineData("process.Process/List", "application/connect+proto", "application/json, application/proto")]
    [InlineData("process.Process/Start", "application/proto", "application/connect+json, application/connect+proto")]
    [InlineData("process.Process/Start", "application/grpc", "application/connect+json, application/connect+proto")]
    public async Task Another_media_type_is_refused_with_the_list_of_those_accepted(string path, string type, string accepted)
    {
        using var response = await envd.PostAsync(path, type, []);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal(accepted, response.Headers.GetValues("Accept-Post").Single());
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public async Task A_media_type_may_have_parameters_and_any_case(string type)
    {
        using var response = await envd.PostAsync("process.Process/List", type, "{}"u8.ToArray());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "2", "invalid_argument", 400)]
    [InlineData("Content-Encoding", "gzip", "unimplemented", 501)]
    [InlineData("Content-Encoding", "identity, gzip", "unimplemented", 501)]
    public async Task A_call_in_an_unknown_version_or_compression_is_refused(string name, string value, string code, int status)
    {
        using var response = await PostWithHeaderAsync("process.Process/List", "application/json", "{}"u8.ToArray(), name, value);
        var body = await response.Content.ReadAsStringAsync(Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains($"\"code\":\"{code}\"", body, StringComparison.Ordinal);
        Assert.Contains(value, body, StringComparison.Ordinal);
        if (code == "unimplemented") Assert.Equal("identity", response.Headers.GetValues("Accept-Encoding").Single());
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "1")]
    [InlineData("Content-Encoding", "identity")]
    public async Task A_call_in_the_known_version_and_without_compression_is_answered(string name, string value)
    {
        using var response = await PostWithHeaderAsync("process.Process/List", "application/json", "{}"u8.ToArray(), name, value);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "3", "invalid_argument")]
    [InlineData("Connect-Content-Encoding", "gzip", "unimplemented")]
    public async Task A_stream_in_an_unknown_version_or_compression_is_refused_inside_it(string name, string value, string code)
    {
        var end = Assert.Single(await envd.StartAsync("""{"process":{"cmd":"true"}}""", (name, value)));

        Assert.Equal((code, true), (end.ErrorCode, end.ErrorMessage!.Contains(value, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("""{"process":{"pid":1,"tag":"a"},"signal":"SIGNAL_SIGKILL"}""", "tag cannot be set together with 'pid'")]
    [InlineData("""{"process":{"pid":1},"signal":"SIGNAL_SIGHUP"}""", "signal must be one of SIGNAL_UNSPECIFIED, SIGNAL_SIGKILL, SIGNAL_SIGTERM")]
    public async Task A_message_that_contradicts_its_schema_is_refused(string json, string problem)
    {
        var (status, body) = await envd.PostJsonAsync("process.Process/SendSignal", json);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_argument"), (status, body.GetProperty("code").GetString()));
        Assert.Contains(problem, body.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<(List<ProcessEvent> Events, string End)> StartBinaryAsync(byte[] message)
    {
        var framed = new byte[Envelope.HeaderLength + message.Length];
        Envelope.WriteHeader(framed, 0, message.Length);
        message.CopyTo(framed, Envelope.HeaderLength);
        using var response = await envd.PostAsync("process.Process/Start", "application/connect+proto", framed);
        Assert.Equal((HttpStatusCode.OK, "application/connect+proto"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));

        var (events, end) = (new List<ProcessEvent>(), "");
        var rest = new ReadOnlySequence<byte>(await response.Content.ReadAsByteArrayAsync(Cancelled));
        while (Envelope.TryRead(ref rest, out var flags, out var body))
        {
            if (flags == Envelope.EndStreamFlag) end = JsonNode.Parse(body.ToArray())!.ToJsonString(Relaxed);
            else events.Add(MessageCodec.Protobuf.Decode(body.ToArray(), EnvdJson.Default.StartResponse).Event);
        }

        return (events, end);
    }

    private async Task<HttpResponseMessage> PostWithHeaderAsync(string path, string type, byte[] body, string name, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(envd.Address, path));
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new(type) } };
        if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content.Headers.TryAddWithoutValidation(name, value);
        return await envd.Http.SendAsync(request, Cancelled);
    }

    private static byte[] Encoded(ListDirRequest request)
    {
        var output = new ArrayBufferWriter<byte>();
        MessageCodec.Protobuf.Encode(request, EnvdJson.Default.ListDirRequest, output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] MessageOf(StartRequest request)
    {
        var output = new ArrayBufferWriter<byte>();
        MessageCodec.Protobuf.Encode(request, EnvdJson.Default.StartRequest, output);
        return output.WrittenSpan.ToArray();
    }
}
