namespace Moru.Evals.Tests;

/// <summary>The program as it is started, with a model behind the protocol of OpenAI.</summary>
public sealed class RealModel(ServerFixture fixture) : IDisposable
{
    private const string Call = """
        {"id": "1", "object": "chat.completion", "created": 1, "model": "stub", "usage": {"prompt_tokens": 700, "completion_tokens": 30, "total_tokens": 730}, "choices": [{"index": 0, "finish_reason": "tool_calls",
         "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "run_command", "arguments": "{\"command\": \"cut -d, -f3 sales.csv | tail -n +2 | sort -n\"}"}}]}}]}
        """;

    private const string Text = """
        {"id": "2", "object": "chat.completion", "created": 1, "model": "stub", "usage": {"prompt_tokens": 800, "completion_tokens": 5, "total_tokens": 805}, "choices": [{"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "The median is 20."}}]}
        """;

    private readonly TemporaryDirectory reports = new();

    private (string, string)[] Environment(string url) =>
        [("MORU_API_URL", "unix:" + fixture.Server.SocketPath), ("MORU_API_KEY", fixture.Server.ApiKey), ("MORU_MODEL", "openai:stub"), ("OPENAI_API_KEY", "none"), ("OPENAI_BASE_URL", url)];

    public void Dispose() => reports.Dispose();

    [Fact]
    public async Task It_does_a_task_and_its_own_count_of_tokens_is_taken()
    {
        await using var model = await StandIn.StartAsync(Call, Text);

        await RunAsync(model, "--face", "meai", "--filter", "data/median");

        var line = Assert.Single(RunReport.Read(await File.ReadAllTextAsync(Path.Combine(reports.Path, "report.json"), TestContext.Current.CancellationToken)).Lines);
        Assert.Equal(("stub", true, 2, 1, 1500L, 35L), (line.Model, line.Success, line.Turns, line.ToolCalls, line.TokensIn, line.TokensOut));
        Assert.Contains("10\\n15\\n25", model.Bodies[1].Replace("\\\\n", "\\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(reports.Path, "meai-data-median.jsonl")));
    }

    [Fact]
    public async Task It_is_not_offered_the_shapes_of_other_servers()
    {
        await using var model = await StandIn.StartAsync(Text);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(model, "--face", "daytona", "--filter", "data/median"));

        Assert.Contains("shapes for scripts", error.Message, StringComparison.Ordinal);
        Assert.Empty(model.Bodies);
    }

    private Task<string> RunAsync(StandIn model, params string[] arguments) =>
        Testing.Shell.RunAsync(default, Environment(model.Url), [Path.Combine(AppContext.BaseDirectory, "Moru.Evals"), "--out", reports.Path, .. arguments]);
}
