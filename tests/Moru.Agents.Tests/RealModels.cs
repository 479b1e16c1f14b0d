namespace Moru.Agents.Tests;

/// <summary>The clients of real models, each against a stand-in that speaks the model's protocol.</summary>
public sealed class RealModels(ServerFixture fixture) : AgentTest(fixture)
{
    private const string OpenAICall = """
        {"id": "1", "object": "chat.completion", "created": 1, "model": "stub", "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}, "choices": [{"index": 0, "finish_reason": "tool_calls",
         "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "run_command", "arguments": "{\"command\": \"echo $((21 * 8))\"}"}}]}}]}
        """;

    private const string OpenAIText = """
        {"id": "2", "object": "chat.completion", "created": 1, "model": "stub", "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}, "choices": [{"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "There are 168."}}]}
        """;

    private const string AnthropicCall = """
        {"id": "1", "type": "message", "role": "assistant", "model": "stub", "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1},
         "content": [{"type": "tool_use", "id": "t1", "name": "run_command", "input": {"command": "echo $((21 * 8))"}}]}
        """;

    private const string AnthropicText = """
        {"id": "2", "type": "message", "role": "assistant", "model": "stub", "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1},
         "content": [{"type": "text", "text": "There are 168."}]}
        """;

    private const string OllamaCall = """
        {"model": "stub", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop", "message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "run_command", "arguments": {"command": "echo $((21 * 8))"}}}]}}
        """;

    private const string OllamaText = """
        {"model": "stub", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop", "message": {"role": "assistant", "content": "There are 168."}}
        """;

    [Theory]
    [InlineData("openai:stub", OpenAICall, OpenAIText)]
    [InlineData("anthropic:stub", AnthropicCall, AnthropicText)]
    [InlineData("ollama:stub", OllamaCall, OllamaText)]
    public async Task A_model_calls_a_tool_and_reads_its_result(string model, string call, string text)
    {
        await using var standIn = await StandIn.StartAsync(call, text);
        var url = standIn.Url;

        var output = await RunSampleAsync(
            "chat-client", ("MORU_MODEL", model), ("OPENAI_API_KEY", "none"), ("OPENAI_BASE_URL", url), ("ANTHROPIC_API_KEY", "none"), ("ANTHROPIC_BASE_URL", url), ("OLLAMA_HOST", url));

        Assert.Equal("There are 168.", output);
        Assert.Equal(2, standIn.Bodies.Count);
        Assert.Contains("run_command", standIn.Bodies[0], StringComparison.Ordinal);
        Assert.Matches("168.*exit code 0", standIn.Bodies[1]);
    }

    [Fact]
    public async Task A_model_that_is_not_known_is_named()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunSampleAsync("chat-client", ("MORU_MODEL", "parrot")));

        Assert.EndsWith("MORU_MODEL must be openai:NAME, anthropic:NAME or ollama:NAME.\n", error.Message, StringComparison.Ordinal);
    }
}
