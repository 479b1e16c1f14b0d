using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Pictures in results, as clients of different ages get them.</summary>
public sealed class PictureLinks(McpHttpFixture fixture) : IClassFixture<McpHttpFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2025-03-26", false)]
    [InlineData("2025-06-18", true)]
    [InlineData("2026-07-28", true)]
    public async Task A_picture_that_was_made_smaller_links_to_the_original_where_the_client_knows_links(string protocol, bool links)
    {
        await using var client = await fixture.Server.ConnectAsync(protocol, session: "pictures");
        var id = (await client.CallToolAsync("create_sandbox", new Dictionary<string, object?> { ["template"] = "python" }, cancellationToken: Cancelled)).StructuredContent!.Value.GetProperty("sandbox_id").GetString()!;
        var code = "from PIL import Image\nimport os\nImage.frombytes('RGB', (400, 400), os.urandom(480000))";

        var result = await client.CallToolAsync("run_code", new Dictionary<string, object?> { ["code"] = code, ["sandbox_id"] = id }, cancellationToken: Cancelled);

        Assert.InRange(Assert.Single(result.Content.OfType<ImageContentBlock>()).DecodedData.Length, 1_000, 100_000);
        var linked = result.Content.OfType<ResourceLinkBlock>().ToList();
        Assert.Equal(links ? 1 : 0, linked.Count);
        foreach (var link in linked)
        {
            var original = Assert.IsType<BlobResourceContents>(Assert.Single((await client.ReadResourceAsync(link.Uri, cancellationToken: Cancelled)).Contents));
            Assert.Equal((link.MimeType, link.Size), (original.MimeType, (long?)original.DecodedData.Length));
            Assert.True(link.Size > 100_000);
        }

        await client.CallToolAsync("kill_sandbox", new Dictionary<string, object?> { ["sandbox_id"] = id }, cancellationToken: Cancelled);
    }
}
