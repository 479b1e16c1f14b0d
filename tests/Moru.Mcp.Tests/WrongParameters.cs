using System.Text.Json;

namespace Moru.Mcp.Tests;

/// <summary>Requests that are JSON-RPC but not what the protocol says of their method.</summary>
public sealed class WrongParameters(WrongParameters.Lines lines) : IClassFixture<WrongParameters.Lines>
{
    [Theory]
    [InlineData("tools/list", "[]")]
    [InlineData("tools/list", "7")]
    [InlineData("tools/list", """{"cursor":7}""")]
    [InlineData("tools/call", "\"x\"")]
    [InlineData("tools/call", "{}")]
    [InlineData("tools/call", """{"name":7}""")]
    [InlineData("tools/call", """{"name":"run_command","arguments":[]}""")]
    [InlineData("tools/call", """{"name":"run_command","_meta":7}""")]
    [InlineData("tools/call", """{"name":"run_command","name":"run_code"}""")]
    [InlineData("tools/call", """{"name":"run_command","_meta":{"a":1,"a":2}}""")]
    [InlineData("tools/call", """{"name":"run_command","arguments":{"command":"echo \ud83d"}}""")]
    [InlineData("resources/read", "[]")]
    [InlineData("resources/read", """{"uri":{}}""")]
    [InlineData("resources/subscribe", "{}")]
    [InlineData("prompts/get", "{}")]
    [InlineData("prompts/get", """{"name":"long_job","arguments":"x"}""")]
    [InlineData("completion/complete", """{"ref":"x","argument":{}}""")]
    [InlineData("completion/complete", """{"ref":{"type":"ref/prompt"}}""")]
    [InlineData("completion/complete", "{}")]
    [InlineData("logging/setLevel", """{"level":"loud"}""")]
    public async Task They_are_called_a_mistake_of_the_callers_by_the_name_of_their_method(string method, string parameters)
    {
        var error = (await lines.AskAsync(method, parameters)).GetProperty("error");

        Assert.Equal(-32602, error.GetProperty("code").GetInt32());
        Assert.StartsWith($"The params of '{method}' cannot be read", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tools/list", "null")]
    [InlineData("prompts/list", "null")]
    public async Task Null_is_as_good_as_nothing_where_nothing_is_needed(string method, string parameters) =>
        Assert.True((await lines.AskAsync(method, parameters)).TryGetProperty("result", out _));

    /// <summary>The real program, spoken to line by line; no Moru server answers behind it.</summary>
    public sealed class Lines : IAsyncLifetime
    {
        private readonly TemporaryDirectory data = new();
        private McpProcess? mcp;

        public async ValueTask InitializeAsync()
        {
            mcp = McpProcess.Start(data.Path, null, ("DOCKER_HOST", "unix:///nonexistent/docker.sock"), ("MORU_LOG", "none"));
            await AskAsync("initialize", """{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}""");
        }

        public async Task<JsonElement> AskAsync(string method, string parameters)
        {
            await mcp!.Input.WriteLineAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""");
            await mcp.Input.FlushAsync(TestContext.Current.CancellationToken);
            return JsonElement.Parse((await mcp.Output.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Limit))!);
        }

        public async ValueTask DisposeAsync()
        {
            if (mcp is not null) await mcp.DisposeAsync();
            data.Dispose();
        }
    }
}
