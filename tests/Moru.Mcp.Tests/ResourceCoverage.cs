using ModelContextProtocol.Client;

namespace Moru.Mcp.Tests;

/// <summary>The manual's table of resources is true.</summary>
public sealed class ResourceCoverage(FaceWithoutServer face) : IClassFixture<FaceWithoutServer>
{
    private static readonly IReadOnlyList<(string Member, string Entry, string Test)> Rows = Coverage.Rows(typeof(ResourceCoverage).Assembly);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void The_manual_has_the_table_of_resources_that_the_tests_make() => Coverage.IsInManual("## By resources", typeof(ResourceCoverage).Assembly);

    [Fact]
    public async Task A_row_names_a_member_of_the_SDK_and_a_resource_that_are_there()
    {
        var resources = (await face.Client.ListResourcesAsync(cancellationToken: Cancelled)).Select(resource => resource.Uri)
            .Concat((await face.Client.ListResourceTemplatesAsync(cancellationToken: Cancelled)).Select(template => template.UriTemplate)).ToList();

        Assert.NotEmpty(Rows);
        Assert.All(Rows, row =>
        {
            Assert.Contains(Coverage.NameOf(row.Member), Coverage.Members.Select(Coverage.NameOf));
            Assert.Contains(row.Entry, resources);
        });
    }
}
