using System.Text.Json;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

public sealed class ToolFunctions(ServerFixture fixture) : AgentTest(fixture)
{
    [Fact]
    public async Task The_functions_are_what_review_has_seen()
    {
        await using var moru = Tools(new() { AllSandboxes = true });
        await using var confined = Tools();

        Snapshot.Matches(Describe(moru), "Functions.all_sandboxes");
        Snapshot.Matches(Describe(confined), "Functions");
    }

    [Fact]
    public async Task A_model_works_in_a_sandbox_that_ends_with_the_tools()
    {
        var model = new ScriptedModel(
            Call("write_file", ("path", "sum.py"), ("content", "print(sum(range(101)))")),
            Run("python3 sum.py"),
            Say(result => $"The sum is {FirstLine(result)}."));
        string? sandboxId;
        await using (var moru = Tools())
        {
            var answer = await Agent(model).GetResponseAsync("Sum up to 100.", new() { Tools = [.. moru.Functions] }, Cancelled);

            Assert.Equal("The sum is 5050.", answer.Text);
            Assert.True(await IsRunningAsync(sandboxId = moru.Sandbox.SandboxId));
        }

        Assert.False(await IsRunningAsync(sandboxId));
    }

    [Fact]
    public async Task A_failure_is_told_to_the_model_in_words()
    {
        await using var moru = Tools();

        var missing = await InvokeAsync(moru.Function("read_file"), ("path", "/nowhere"));
        var mistyped = await InvokeAsync(moru.Function("run_command"), ("cmd", "ls"));

        Assert.StartsWith("Error: There is no file '/nowhere'", (string?)missing, StringComparison.Ordinal);
        Assert.Contains("there is no argument `cmd`", (string?)mistyped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_leave_a_model_reaches_no_other_sandbox()
    {
        await using var other = await Client.CreateSandboxAsync(cancellationToken: Cancelled);
        await using var moru = Tools();

        var answer = await InvokeAsync(moru.Function("run_command"), ("command", "hostname"), ("sandbox_id", other.SandboxId));

        Assert.StartsWith("Error: There is no argument `sandbox_id`", (string?)answer, StringComparison.Ordinal);
        Assert.DoesNotContain(moru.Functions, tool => tool.Name is "list_sandboxes" or "create_sandbox");
        Assert.All(moru.Functions, tool => Assert.False(tool.JsonSchema.GetProperty("properties").TryGetProperty("sandbox_id", out _)));
    }

    [Fact]
    public async Task With_leave_a_model_makes_and_uses_other_sandboxes()
    {
        await using var moru = Tools(new() { AllSandboxes = true });

        var made = (string?)await InvokeAsync(moru.Function("create_sandbox"));
        var id = made!.Split(' ')[2];
        var other = await InvokeAsync(moru.Function("run_command"), ("command", "echo $MORU_SANDBOX_ID"), ("sandbox_id", id));
        var own = await InvokeAsync(moru.Function("run_command"), ("command", "echo $MORU_SANDBOX_ID"));

        Assert.Contains(id, (string?)other, StringComparison.Ordinal);
        Assert.Contains(moru.Sandbox.SandboxId!, (string?)own, StringComparison.Ordinal);
        await InvokeAsync(moru.Function("kill_sandbox"), ("sandbox_id", id));
        Assert.False(await IsRunningAsync(id));
    }

    [Fact]
    public async Task A_bound_sandbox_is_used_and_left_alone()
    {
        await using var mine = await Client.CreateSandboxAsync(cancellationToken: Cancelled);
        await using (var moru = new MoruTools(AgentSandbox.Bind(Client, mine)))
            await InvokeAsync(moru.Function("write_file"), ("path", "/tmp/note"), ("content", "kept"));

        Assert.Equal("kept", await mine.Files.ReadTextAsync("/tmp/note", cancellationToken: Cancelled));
    }

    [Fact]
    public async Task What_a_command_says_is_told_while_it_runs()
    {
        var said = new System.Collections.Concurrent.ConcurrentQueue<ToolProgress>();
        await using var moru = Tools(new() { Progress = new Listener(said.Enqueue) });
        var run = InvokeAsync(moru.Function("run_command"), ("command", "echo one; while [ ! -e /tmp/go ]; do sleep 0.02; done"));

        await Eventually.TrueAsync(() => said.Contains(new ToolProgress("run_command", "one")));
        await InvokeAsync(moru.Function("write_file"), ("path", "/tmp/go"), ("content", ""));

        Assert.Contains("one\n", (string?)await run, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_of_a_result_are_contents_beside_its_text()
    {
        var result = new Moru.Tools.SandboxList { Sandboxes = [], Images = [new("image/png", "png"u8.ToArray())] };

        var shown = Assert.IsType<List<AIContent>>(SandboxTool.Show(result), exactMatch: false);

        Assert.Equal("No sandboxes.", Assert.IsType<TextContent>(shown[0]).Text);
        Assert.Equal("image/png", Assert.IsType<DataContent>(shown[1]).MediaType);
    }

    [Fact]
    public async Task Only_the_tools_asked_for_are_offered()
    {
        await using var moru = Tools(new() { Only = ["run_command", "list_sandboxes"] });

        Assert.Equal(["run_command"], moru.Functions.Select(tool => tool.Name));
    }

    private static string Describe(MoruTools moru) => string.Join("\n\n", moru.Functions.Select(tool =>
        $"{tool.Name}{(tool is ApprovalRequiredAIFunction ? "  (needs approval)" : "")}\n{tool.Description.ReplaceLineEndings(" ")}\n{JsonSerializer.Serialize(tool.JsonSchema, Readable)}"));

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private sealed class Listener(Action<ToolProgress> heard) : IProgress<ToolProgress>
    {
        public void Report(ToolProgress value) => heard(value);
    }
}
