namespace Moru.Tools.Tests;

/// <summary>In the template with the packages of data analysis.</summary>
public sealed class Plots(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>, IAsyncLifetime
{
    private string sandbox = "";

    public async ValueTask InitializeAsync() =>
        sandbox = (await Tools.CallAsync<CreatedSandbox>("create_sandbox", new { template = "python", timeout_seconds = 300 })).SandboxId!;

    public async ValueTask DisposeAsync() => await Tools.CallAsync("kill_sandbox", new { sandbox_id = sandbox });

    [Fact]
    public async Task A_plot_is_a_picture_of_at_most_100_KB_and_stays_as_a_file()
    {
        var output = await RunAsync("import numpy as np, matplotlib.pyplot as plt\nplt.imshow(np.random.rand(900, 900))\nplt.gcf().set_size_inches(14, 14)\nplt.show()\nfig = plt.figure()\nplt.plot([1, 2])");

        Assert.Equal(("", null), (output.Stderr, output.Error));
        Assert.Equal(2, output.Images.Count);
        Assert.All(output.Images, image => Assert.InRange(image.Data.Length, 1_000, ToolImage.MaxBytes));
        var path = System.Text.RegularExpressions.Regex.Match(output.Note!, @"/tmp/\.moru/\d+\.plot1\.png").Value;
        Assert.Equal((path, "image/png", true), (output.Originals[0].Path, output.Originals[0].MediaType, output.Originals[0].SizeBytes > ToolImage.MaxBytes));
        var original = await Tools.CallAsync<FileText>("read_file", new { path, sandbox_id = sandbox });
        Assert.Contains("this is a smaller copy", original.Note, StringComparison.Ordinal);
        Assert.InRange(Assert.Single(original.Images).Data.Length, 1_000, ToolImage.MaxBytes);
        Assert.Equal(output.Originals[0], Assert.Single(original.Originals));
    }

    [Fact]
    public async Task A_figure_that_cannot_be_drawn_is_told_once_and_does_no_more_harm()
    {
        var bad = await RunAsync("import matplotlib.pyplot as plt\nplt.title('$\\\\frac{$')\nplt.figure()\nplt.plot([1, 2])\n'value'");
        var next = await RunAsync("1 + 1");

        Assert.StartsWith("Figure 1 could not be drawn: ", bad.Error, StringComparison.Ordinal);
        Assert.Equal(("'value'", 1), (bad.Value, bad.Images.Count));
        Assert.Equal(("2", null, 0), (next.Value, next.Error, next.Images.Count));
    }

    [Fact]
    public async Task Figures_of_code_that_fails_come_with_its_error_and_not_with_the_next_call()
    {
        var failed = await RunAsync("import matplotlib.pyplot as plt\nplt.plot([1, 2])\n1 / 0");
        var next = await RunAsync("1 + 1");

        Assert.EndsWith("ZeroDivisionError: division by zero", failed.Error, StringComparison.Ordinal);
        Assert.Equal((1, 0), (failed.Images.Count, next.Images.Count));
    }

    [Fact]
    public async Task Figures_beyond_the_fourth_are_counted_and_named_as_files()
    {
        var output = await RunAsync("import matplotlib.pyplot as plt\nfor n in range(6): plt.figure(); plt.plot([n, 2])");

        Assert.Equal(4, output.Images.Count);
        var path = System.Text.RegularExpressions.Regex.Match(output.Note!, @"2 more are not shown, only kept as files: (/tmp/\.moru/\d+\.plot\d+\.png), (/tmp/\.moru/\d+\.plot\d+\.png)\. Look at one with read_file \{""path"":""\1"",""sandbox_id"":").Groups[1].Value;
        Assert.Single((await Tools.CallAsync<FileText>("read_file", new { path, sandbox_id = sandbox })).Images);
    }

    [Covers("create_sandbox(template)", "Sandbox.create(template)")]
    [Fact]
    public async Task A_table_comes_as_a_few_lines_of_CSV()
    {
        var output = await RunAsync("import pandas as pd\npd.DataFrame({'a': range(1000), 'b': [i / 3 for i in range(1000)]})");

        Assert.StartsWith("1000 rows x 2 columns\n,a,b\n0,0,0\n1,1,0.333333\n", output.Value, StringComparison.Ordinal);
        Assert.EndsWith("999,999,333\n", output.Value, StringComparison.Ordinal);
        Assert.InRange(output.Value!.Length, 100, 500);
    }

    [Fact]
    public async Task A_table_of_long_cells_keeps_its_bound()
    {
        var output = await RunAsync("import pandas as pd\npd.DataFrame({f'c{i}': ['x' * 5000] * 30 for i in range(40)})");

        Assert.StartsWith("30 rows x 40 columns, the first 20 shown\n,c0,c1,", output.Value, StringComparison.Ordinal);
        Assert.InRange(output.Value!.Length, 1_000, 4_200);
    }

    [Fact]
    public async Task A_picture_of_JavaScript_that_is_too_large_is_looked_at_as_a_file()
    {
        await RunAsync("from PIL import Image\nimport os\nImage.frombytes('RGB', (400, 400), os.urandom(480000)).save('/tmp/noise.png')");

        var large = await Tools.CallAsync<CodeOutput>("run_code", new { code = "require('fs').readFileSync('/tmp/noise.png')", language = "javascript", sandbox_id = sandbox });

        Assert.Empty(large.Images);
        var path = System.Text.RegularExpressions.Regex.Match(large.Value!, @"look at it with read_file \{""path"":""([^""]+)""\}").Groups[1].Value;
        var shown = await Tools.CallAsync<FileText>("read_file", new { path, sandbox_id = sandbox });
        Assert.InRange(Assert.Single(shown.Images).Data.Length, 1_000, ToolImage.MaxBytes);
    }

    private Task<CodeOutput> RunAsync(string code) => Tools.CallAsync<CodeOutput>("run_code", new { code, sandbox_id = sandbox });
}
