using System.Net;
using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class InputSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static StartRequest Reading(string line, string? tag = null) =>
        new() { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", line] }, Tag = tag, Stdin = true };

    [Fact]
    public async Task Input_reaches_the_process()
    {
        await using var cat = await Conversation.StartAsync(envd, Reading("exec cat"));

        await cat.WriteAsync("grüße\n");
        await cat.WriteAsync("");
        await cat.WriteAsync("end\n");

        await cat.ShowsAsync("grüße\nend\n");
    }

    [Fact]
    public async Task Much_input_arrives_whole_and_in_order()
    {
        const int Messages = 50;
        var bytes = Enumerable.Range(0, 1 << 20).Select(i => (byte)(i % 251)).ToArray();
        await using var sum = await Conversation.StartAsync(envd, Reading($"head -c {Messages << 20} | sha256sum"));

        for (var i = 0; i < Messages; i++)
        {
            bytes[0] = (byte)i;
            await envd.Client.SendInputAsync(sum.Selector, new ProcessInput { Stdin = bytes }, TestContext.Current.CancellationToken);
        }

        using var expected = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        for (var i = 0; i < Messages; i++)
        {
            bytes[0] = (byte)i;
            expected.AppendData(bytes);
        }

        await sum.ShowsAsync(Convert.ToHexStringLower(expected.GetHashAndReset()));
    }

    [Fact]
    public async Task Inputs_of_several_callers_are_each_written_whole()
    {
        const int Callers = 8, Length = 300_000;
        await using var runs = await Conversation.StartAsync(envd, Reading($"head -c {Callers * Length} | tr -s a-z"));

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => runs.WriteAsync(new string((char)('a' + i), Length))));

        await runs.EndAsync();
        Assert.Equal("abcdefgh", string.Concat(runs.Seen.Order()));
    }

    [Fact]
    public async Task A_process_that_does_not_read_makes_its_caller_wait_and_nobody_else()
    {
        await using var deaf = await Conversation.StartAsync(envd, Reading("sleep 1000"));
        using var patience = new CancellationTokenSource();
        var input = new ProcessInput { Stdin = new byte[1 << 20] };
        var waiting = Enumerable.Range(0, 32).Select(_ => envd.Client.SendInputAsync(deaf.Selector, input, patience.Token)).ToArray();

        for (var i = 0; i < 20; i++) Assert.Equal("ok\n", (await envd.ShAsync("echo ok")).Stdout);

        Assert.All(waiting, call => Assert.False(call.IsCompleted));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_turn_to_the_next()
    {
        await using var late = await Conversation.StartAsync(envd, new StartRequest
        {
            Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "until [ -e \"$GATE\" ]; do sleep 0.05; done; exec cat"], Envs = new Dictionary<string, string> { ["GATE"] = $"{envd.Directory}/gate" } },
        });
        using var patience = new CancellationTokenSource();
        var first = envd.Client.SendInputAsync(late.Selector, new ProcessInput { Stdin = new byte[1 << 20] }, patience.Token);
        var second = late.WriteAsync("my turn\n");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await File.WriteAllTextAsync($"{envd.Directory}/gate", "", TestContext.Current.CancellationToken);

        await late.ShowsAsync("my turn");
        await second;
    }

    [Fact]
    public async Task Input_for_a_process_that_ends_is_refused_at_last()
    {
        var deaf = await Conversation.StartAsync(envd, Reading("sleep 1000"));
        var waiting = envd.Client.SendInputAsync(deaf.Selector, new ProcessInput { Stdin = new byte[1 << 20] }, TestContext.Current.CancellationToken);
        await Shell.RunAsync("head", "-c", "1", $"/proc/{deaf.Pid}/fd/0"); // it has begun

        await deaf.DisposeAsync();

        var error = await Assert.ThrowsAsync<ConnectException>(() => waiting.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken));
        Assert.Equal((ConnectCode.Internal, $"process {deaf.Pid} has closed its stdin"), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("echo ready; sleep 1000", false, "stdin", "has no stdin; start it with stdin true")]
    [InlineData("exec <&-; echo ready; sleep 1000", true, "stdin", "has closed its stdin")]
    [InlineData("echo ready; sleep 1000", true, "pty", "has no terminal; send its input as stdin")]
    public async Task Input_that_cannot_be_is_refused(string line, bool stdin, string kind, string message)
    {
        await using var process = await Conversation.StartAsync(envd, Reading(line) with { Stdin = stdin });
        await process.ShowsAsync("ready");

        var (status, body) = await SendAsync($$$"""{"process":{"pid":{{{process.Pid}}}},"input":{"{{{kind}}}":"eA=="}}""");

        Assert.Equal((HttpStatusCode.InternalServerError, "internal"), (status, body.GetProperty("code").GetString()));
        Assert.Equal($"process {process.Pid} {message}", body.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("""{"process":{"pid":4000000},"input":{"stdin":""}}""", "not_found")]
    [InlineData("""{"process":{"tag":"nobody"},"input":{"stdin":""}}""", "not_found")]
    [InlineData("""{"input":{"stdin":""}}""", "invalid_argument")]
    public async Task Input_for_nobody_says_so(string json, string code)
    {
        var (_, body) = await SendAsync(json);

        Assert.Equal(code, body.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("""{"process":{"tag":"shapes"},"input":{}}""")]
    [InlineData("""{"process":{"tag":"shapes"}}""")]
    [InlineData("""{"process":{"tag":"shapes"},"input":{"stdin":"eA==","pty":"eA=="}}""")]
    [InlineData("""{"process":{"tag":"shapes"},"input":{"stdin":"%%"}}""")]
    public async Task Input_of_no_shape_is_refused(string json)
    {
        await using var process = await Conversation.StartAsync(envd, Reading("exec cat", "shapes"));

        var (_, body) = await SendAsync(json);

        Assert.Equal("invalid_argument", body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Streamed_input_arrives_in_order()
    {
        await using var cat = await Conversation.StartAsync(envd, Reading("exec cat", "stream"));
        string[] messages =
        [
            """{"start":{"process":{"tag":"stream"}}}""", """{"data":{"input":{"stdin":"b25l"}}}""", """{"keepalive":{}}""",
            """{"data":{"input":{"stdin":""}}}""", """{"data":{"input":{"stdin":"dHdv"}}}""",
        ];

        var answer = await StreamAsync(messages);

        Assert.Equal(["{}", "{}"], answer.Select(message => message.Json.GetRawText()));
        await cat.ShowsAsync("onetwo");
    }

    [Theory]
    [InlineData("invalid_argument", "the first message must be start", new string[0])]
    [InlineData("invalid_argument", "the first message must be start", new[] { """{"data":{"input":{"stdin":"eA=="}}}""" })]
    [InlineData("invalid_argument", "name a process by pid or by tag", new[] { """{"start":{}}""" })]
    [InlineData("not_found", "process with tag 'nobody' not found", new[] { """{"start":{"process":{"tag":"nobody"}}}""" })]
    [InlineData("invalid_argument", "start may be the first message only", new[] { """{"start":{"process":{"tag":"stream-error"}}}""", """{"start":{"process":{"tag":"stream-error"}}}""" })]
    [InlineData("internal", "has no terminal", new[] { """{"start":{"process":{"tag":"stream-error"}}}""", """{"data":{"input":{"pty":"eA=="}}}""" })]
    [InlineData("invalid_argument", "exactly one of stdin and pty", new[] { """{"start":{"process":{"tag":"stream-error"}}}""", """{"data":{}}""" })]
    public async Task A_stream_of_input_that_cannot_be_ends_with_the_reason(string code, string message, string[] messages)
    {
        await using var process = await Conversation.StartAsync(envd, Reading("exec cat", "stream-error"));

        var end = Assert.Single(await StreamAsync(messages));

        Assert.Equal((Envelope.EndStreamFlag, code), (end.Flags, end.ErrorCode));
        Assert.Contains(message, end.ErrorMessage);
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string json) => envd.PostJsonAsync("process.Process/SendInput", json);

    private Task<IReadOnlyList<RawMessage>> StreamAsync(params string[] messages) =>
        envd.StreamAsync("process.Process/StreamInput", [.. messages.SelectMany(RawConnect.Envelope)]);
}
