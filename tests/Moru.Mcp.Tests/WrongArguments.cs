using System.Text.Json;
using Microsoft.Extensions.AI;
using Moru.Tools;

namespace Moru.Mcp.Tests;

public sealed class WrongArguments(FaceWithoutServer face) : IClassFixture<FaceWithoutServer>
{
    [Fact]
    public async Task A_missing_argument_is_named_with_its_type_and_an_example()
    {
        var text = await face.FailAsync("run_command", []);

        Assert.Equal("Wrong arguments for run_command: `command` is missing; it must be a string. A correct call: run_command {\"command\": \"python3 --version\"}", text);
    }

    [Fact]
    public async Task An_unknown_argument_is_named_with_those_that_there_are()
    {
        var text = await face.FailAsync("read_file", new() { ["path"] = "x", ["file"] = "y" });

        Assert.Contains("there is no argument `file`, only `path`, `sandbox_id`, `start_line`, `line_count`", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"10\"", "must be a whole number from 1 to 86400, not the string \"10\"")]
    [InlineData("1.5", "must be a whole number from 1 to 86400, not 1.5")]
    [InlineData("0", "must be a whole number from 1 to 86400, not 0")]
    [InlineData("99999999999999", "must be a whole number from 1 to 86400, not 99999999999999")]
    [InlineData("[1]", "must be a whole number from 1 to 86400, not the list [1]")]
    [InlineData("true", "must be a whole number from 1 to 86400, not true")]
    public async Task A_number_that_is_none_is_shown(string value, string expected)
    {
        var text = await face.FailAsync("run_command", new() { ["command"] = "true", ["timeout_seconds"] = JsonElement.Parse(value) });

        Assert.Contains("`timeout_seconds` " + expected, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"A\":1}", "not the object {\"A\":1}")]
    [InlineData("\"A=1\"", "not the string \"A=1\"")]
    public async Task An_environment_must_map_names_to_strings(string value, string expected)
    {
        var text = await face.FailAsync("run_command", new() { ["command"] = "true", ["env"] = JsonElement.Parse(value) });

        Assert.Contains("`env` must be an object with string values, " + expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_is_no_text()
    {
        await using var session = new SandboxSession(new MoruClient(new MoruOptions()));
        var write = ToolSet.Create(session).Single(tool => tool.Name == "write_file");
        var arguments = new AIFunctionArguments { ["path"] = "x", ["content"] = JsonElement.Parse("\"\\ud83d\"") };

        var error = await Assert.ThrowsAsync<ToolException>(() => write.InvokeAsync(arguments, TestContext.Current.CancellationToken).AsTask());

        Assert.Contains("`content` must be a string, not text with half of a surrogate pair", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_mistakes_are_told_at_once()
    {
        var text = await face.FailAsync("write_file", new() { ["file"] = "x", ["content"] = 5 });

        Assert.Contains("`file`", text, StringComparison.Ordinal);
        Assert.Contains("`content` must be a string, not 5", text, StringComparison.Ordinal);
        Assert.Contains("`path` is missing", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("null", "60.0")]
    public async Task Null_empty_and_whole_decimals_mean_what_a_model_means(string sandboxId, string timeout = "60")
    {
        var arguments = new Dictionary<string, object?>
        {
            ["command"] = "true",
            ["sandbox_id"] = JsonElement.Parse(sandboxId),
            ["timeout_seconds"] = JsonElement.Parse(timeout),
        };

        Assert.StartsWith("No Moru server answers", await face.FailAsync("run_command", arguments), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_over_the_limit_says_how_to_bring_it_in()
    {
        var text = await face.FailAsync("write_file", new() { ["path"] = "x", ["content"] = new string('x', (8 << 20) + 1) });

        Assert.Contains("`content` is 8388609 bytes, write_file takes at most 8388608", text, StringComparison.Ordinal);
    }
}
