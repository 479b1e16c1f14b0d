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

        Assert.Equal((ResourceKind.File, "i1", path), (address.Kind, address.Owner, address.Path));
    }

    [Fact]
    public void A_part_of_a_file_can_be_asked_for()
    {
        var address = ResourceAddress.ParseOrDefault("moru://sandboxes/session/files/var/log/x?offset=10&length=5")!;

        Assert.Equal(("session", "/var/log/x", 10, 5), (address.Owner, address.Path, address.Offset, address.Length));
    }

    [Theory]
    [InlineData("moru://sandboxes")]
    [InlineData("moru://history")]
    [InlineData("moru://sandboxes/i1")]
    [InlineData("moru://templates")]
    [InlineData("moru://volumes")]
    [InlineData("moru://sandboxes/i1/commands")]
    [InlineData("moru://sandboxes/i1/commands/41?cursor=8000,0")]
    [InlineData("moru://sandboxes/i1/commands/41?cursor=8000%2C0")]
    [InlineData("moru://sandboxes/i1/screens/41")]
    [InlineData("moru://sandboxes/i1/logs")]
    [InlineData("moru://sandboxes/i1/logs?start=2026-01-02T03:04:05Z")]
    [InlineData("moru://templates/my-tools_2")]
    [InlineData("moru://templates/my-tools_2/builds/0123-45")]
    [InlineData("moru://volumes/my-data")]
    [InlineData("moru://volumes/my-data/files/a/b.txt?offset=1&length=2")]
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
    [InlineData("moru://sandboxes/i1/commands/x")]
    [InlineData("moru://sandboxes/i1/commands/-1")]
    [InlineData("moru://sandboxes/i1/commands/1/2")]
    [InlineData("moru://sandboxes/i1/commands/1?offset=1")]
    [InlineData("moru://sandboxes/i1/screens")]
    [InlineData("moru://sandboxes/i1/logs?start=yesterday")]
    [InlineData("moru://templates/a/b")]
    [InlineData("moru://templates/..")]
    [InlineData("moru://volumes/a%2Fb")]
    [InlineData("moru://volumes/data/files")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://localhost/")]
    public void Anything_else_names_nothing(string uri) => Assert.Null(ResourceAddress.ParseOrDefault(uri));
}
