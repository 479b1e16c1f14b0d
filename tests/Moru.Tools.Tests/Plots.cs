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
        var original = await Tools.CallAsync<FileText>("read_file", new { path, sandbox_id = sandbox });
        Assert.Contains("this is a smaller copy", original.Note, StringComparison.Ordinal);
        Assert.InRange(Assert.Single(original.Images).Data.Length, 1_000, ToolImage.MaxBytes);
    }

    [Fact]
    public async Task A_table_comes_as_a_few_lines_of_CSV()
    {
        var output = await RunAsync("import pandas as pd\npd.DataFrame({'a': range(1000), 'b': [i / 3 for i in range(1000)]})");

        Assert.StartsWith("1000 rows x 2 columns\n,a,b\n0,0,0\n1,1,0.333333\n", output.Value, StringComparison.Ordinal);
        Assert.EndsWith("999,999,333\n", output.Value, StringComparison.Ordinal);
        Assert.InRange(output.Value!.Length, 100, 500);
    }

    private Task<CodeOutput> RunAsync(string code) => Tools.CallAsync<CodeOutput>("run_code", new { code, sandbox_id = sandbox });
}
