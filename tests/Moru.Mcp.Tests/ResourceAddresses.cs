namespace Moru.Mcp.Tests;

public sealed class ResourceAddresses
{
    [Theory]
    [InlineData("/home/user/a.txt")]
    [InlineData("/")]
    [InlineData("/tmp/")]
    [InlineData("/tmp/a b/ü#?%2F&=.txt")]
    [InlineData("/tmp/日本語")]
    public void A_path_survives_its_way_through_a_uri(string path)
    {
        var address = ResourceAddress.ParseOrDefault(ResourceAddress.OfFile("i1", path))!;

        Assert.Equal((ResourceKind.File, "i1", path), (address.Kind, address.SandboxId, address.Path));
    }

    [Fact]
    public void A_part_of_a_file_can_be_asked_for()
    {
        var address = ResourceAddress.ParseOrDefault("moru://sandboxes/session/files/var/log/x?offset=10&length=5")!;

        Assert.Equal(("session", "/var/log/x", 10, 5), (address.SandboxId, address.Path, address.Offset, address.Length));
    }

    [Theory]
    [InlineData("moru://sandboxes")]
    [InlineData("moru://history")]
    [InlineData("moru://sandboxes/i1")]
    [InlineData("moru://sandboxes/i1/processes")]
    [InlineData("moru://sandboxes/i1/metrics")]
    public void Every_kind_is_understood(string uri) => Assert.NotNull(ResourceAddress.ParseOrDefault(uri));

    [Theory]
    [InlineData("")]
    [InlineData("moru:")]
    [InlineData("moru://")]
    [InlineData("moru://sandboxes/")]
    [InlineData("moru://sandboxes/../history")]
    [InlineData("moru://sandboxes/i1/secrets")]
    [InlineData("moru://sandboxes/i1?offset=1")]
    [InlineData("moru://sandboxes/i1/files")]
    [InlineData("moru://sandboxes/i1/files/x?offset=-1")]
    [InlineData("moru://sandboxes/i1/files/x?length=99999999999")]
    [InlineData("moru://sandboxes/i1/files/x?other=1")]
    [InlineData("moru://sandboxes/i1/files/a%00b")]
    [InlineData("moru://sandboxes/i1/files/x#part")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://localhost/")]
    public void Anything_else_names_nothing(string uri) => Assert.Null(ResourceAddress.ParseOrDefault(uri));
}
