using System.Diagnostics;

namespace Moru.Sdk.Tests;

/// <summary>The programs in samples/Moru.Samples.</summary>
public sealed class SamplePrograms(ServerFixture fixture)
{
    [Theory]
    [InlineData("quick-start", "Hello\nHello from a file\n")]
    [InlineData("sandboxes", "found: True, Running\nlives for 30 minutes more\nport 8080 is at 8080-ID.moru.localhost\nrunning while paused: False\nstill here\nkilled: True\n")]
    [InlineData("many-at-once", "1 4 9\n")]
    [InlineData("files", "Create: text.txt\n-rw-r--r-- /tmp/data/one\ndrwxr-xr-x /tmp/data/sub\n-rw-r--r-- /tmp/data/sub/two\n-rw-r--r-- /tmp/data/text.txt\n5000000 bytes streamed\n")]
    [InlineData("commands", "step 1\nstep 2\nstep 3\ndone in /tmp as root\nruns: True\nhello background\nkilled: True\n")]
    [InlineData("terminals", "python saw 120 columns: True, and ended with 0\n")]
    [InlineData("volumes", "/input.txt: 12 bytes\n/output.txt: 12 bytes\nFROM OUTSIDE\n")]
    [InlineData("web-app", "The app is at https://8000-ID.moru.localhost\nHello from Moru!\n")]
    public async Task A_sample_prints_what_it_says(string name, string prints) => Assert.Equal((0, prints), await RunAsync(name));

    [Fact]
    public async Task The_sample_of_errors_tells_them_apart()
    {
        var (code, output) = await RunAsync("errors");

        Assert.Equal(0, code);
        Assert.Collection(
            output.TrimEnd().Split('\n'),
            line => Assert.Equal("Command failed with exit code 3: oops", line),
            line => Assert.Equal("Operation timed out", line),
            line => Assert.Equal("Not found: path '/no/such/file' does not exist", line),
            line => Assert.StartsWith("Not found: template 'no-such-template' not found", line, StringComparison.Ordinal),
            line => Assert.Equal("Invalid API key", line));
    }

    [Fact]
    public async Task The_sample_of_templates_builds_one_and_fails_to_build_another()
    {
        var (code, output) = await RunAsync("templates");

        Assert.Equal(0, code);
        Assert.Contains("\n  Template is ready\n", output, StringComparison.Ordinal);
        Assert.Contains("\nhello from a template\nfailed as it should in Templates.cs: Template 'sample-template' failed at RUN exit 3 (Templates.cs:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_name_it_says_which_there_are()
    {
        var (code, output) = await RunAsync("nothing");

        Assert.Equal(2, code);
        Assert.StartsWith("Name one of: quick-start, ", output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> RunAsync(string name) =>
        Programs.RunAsync(new ProcessStartInfo(Path.Combine(Artifacts.Root, $"samples/Moru.Samples/bin/{Programs.Configuration}/net10.0/Moru.Samples"), [name]), fixture);
}
