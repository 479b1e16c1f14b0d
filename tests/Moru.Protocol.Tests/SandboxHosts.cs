namespace Moru.Protocol.Tests;

public sealed class SandboxHosts
{
    [Theory]
    [InlineData("49983-iabc.moru.localhost", 49983, "iabc")]
    [InlineData("8080-iabc.moru.localhost:9443", 8080, "iabc")]
    [InlineData("1-IABC.x", 1, "iabc")]
    [InlineData("65535-iabc-6532622b.moru.io", 65535, "iabc")]
    [InlineData("80-iabc-a-b-c.moru.io", 80, "iabc")]
    public void A_host_name_names_a_port_and_a_sandbox(string host, int port, string id)
    {
        Assert.Equal(SandboxHostError.None, SandboxHost.Parse(host, out var parsed));
        Assert.Equal(new SandboxHost(port, id), parsed);
    }

    [Theory]
    [InlineData("", SandboxHostError.InvalidHost)]
    [InlineData("localhost", SandboxHostError.InvalidHost)]
    [InlineData("iabc.moru.io", SandboxHostError.InvalidHost)]
    [InlineData("8080-.moru.io", SandboxHostError.InvalidHost)]
    [InlineData("8080--x.moru.io", SandboxHostError.InvalidHost)]
    [InlineData("-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData("http-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData("0-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData("65536-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData("99999999999-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData("+80-iabc.moru.io", SandboxHostError.InvalidPort)]
    [InlineData(" 80-iabc.moru.io", SandboxHostError.InvalidPort)]
    public void A_host_name_that_names_no_sandbox_is_refused(string host, SandboxHostError error) =>
        Assert.Equal(error, SandboxHost.Parse(host, out _));

    [Fact]
    public void What_is_formatted_can_be_read_again()
    {
        var host = new SandboxHost(3000, SandboxId.New());

        Assert.Equal(SandboxHostError.None, SandboxHost.Parse(host.Under("moru.localhost:8443"), out var read));
        Assert.Equal(host, read);
    }

    [Theory]
    [InlineData("iabc", "iabc")]
    [InlineData("iabc-6532622b", "iabc")]
    [InlineData("iabc-1-2", "iabc-1-2")]
    [InlineData("", "")]
    public void A_legacy_client_id_is_cut_off_an_id(string text, string id) => Assert.Equal(id, SandboxId.Normalize(text));

    [Fact]
    public void A_new_id_fits_into_a_host_name()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => SandboxId.New()).ToHashSet();

        Assert.Equal(1000, ids.Count);
        Assert.All(ids, id => Assert.Matches("^i[a-z0-9]{20}$", id));
    }
}
