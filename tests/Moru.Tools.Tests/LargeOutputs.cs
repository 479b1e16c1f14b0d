namespace Moru.Tools.Tests;

/// <summary>What output costs this process; alone, because it measures the memory of all of it.</summary>
[CollectionDefinition(nameof(LargeOutputs), DisableParallelization = true)]
[Collection(nameof(LargeOutputs))]
public sealed class LargeOutputs(ToolTests.Shared shared) : ToolTests(shared), IClassFixture<ToolTests.Shared>
{
    [Fact]
    public async Task A_hundred_megabytes_of_output_cost_little_and_every_part_can_be_read()
    {
        await Tools.RunAsync("true");
        var before = GC.GetTotalAllocatedBytes();

        var output = await Tools.RunAsync("yes 0123456789abcde | head -c 100000000; echo; echo the end");

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 16_000_000);
        Assert.EndsWith("the end\n", output.Stdout, StringComparison.Ordinal);
        Assert.InRange(output.CutBytes!.Value, 99_990_000, 100_000_000);
        var page = await Tools.CallAsync<CommandOutput>("read_output", new { pid = output.Pid, cursor = "80000000,0" });
        Assert.StartsWith("0123456789abcde\n0123", page.Stdout, StringComparison.Ordinal);
    }
}
