using System.Reflection;

namespace Moru.Envd.Tests;

/// <summary>docs/envd.md says what works in which image; the tests that run there are the proof.</summary>
public sealed class ImageTable
{
    private static readonly (string Name, Type Specs)[] Images =
        [("Debian", typeof(DebianSpecs)), ("musl", typeof(MuslSpecs)), ("busybox", typeof(BusyboxSpecs)), ("empty", typeof(EmptySpecs))];

    [Fact]
    public async Task The_table_of_images_is_what_the_tests_run()
    {
        var rows = Images.SelectMany(image => Tests(image.Specs)).Distinct()
            .Select(test => (Test: test, Where: Images.Select(image => Tests(image.Specs).Contains(test) ? "yes" : "-").ToList()))
            .OrderByDescending(row => row.Where.Count(cell => cell == "yes")).ThenBy(row => row.Test, StringComparer.Ordinal)
            .Select(row => $"| {row.Test} | {string.Join(" | ", row.Where)} |");
        var table = string.Join('\n', [$"| | {string.Join(" | ", Images.Select(image => image.Name))} |", "|---|---|---|---|---|", .. rows, ""]);

        var document = await File.ReadAllTextAsync(Path.Combine(Artifacts.Root, "docs/envd.md"), TestContext.Current.CancellationToken);

        Assert.True(document.EndsWith(table, StringComparison.Ordinal), $"docs/envd.md does not end with what the tests run:\n\n{table}");
    }

    private static List<string> Tests(Type specs) =>
        [.. specs.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null }).Select(method => method.Name.Replace('_', ' '))];
}
