namespace Moru.Runtime.Tests;

public sealed class HostNameTests
{
    private static readonly EgressRules Rules = EgressRules.Of(
        new NetworkRules { AllowOut = ["Allowed.test", "*.Wild.test", "xn--bcher-kva.test"], DenyOut = [NetworkRules.Everything] }, allowInternet: true);

    [Theory]
    [InlineData("allowed.test")]
    [InlineData("ALLOWED.test")]
    [InlineData("aLLoWeD.TeSt")]
    [InlineData("allowed.test.")]
    [InlineData("a.wild.test")]
    [InlineData("a.b.wild.test")]
    [InlineData("A.WILD.TEST.")]
    [InlineData("_dns.wild.test")]
    [InlineData("xn--bcher-kva.test")]
    [InlineData("XN--BCHER-KVA.test")]
    public void An_allowed_name_is_recognised_in_each_of_its_spellings(string text) => Assert.True(IsAllowed(text));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("test")]
    [InlineData("other.test")]
    [InlineData("allowed.test..")]
    [InlineData(".allowed.test")]
    [InlineData("allowed..test")]
    [InlineData("wild.test")]
    [InlineData(".wild.test")]
    [InlineData("*.wild.test")]
    [InlineData("notwild.test")]
    [InlineData("evilallowed.test")]
    [InlineData("sub.allowed.test")]
    [InlineData("allowed.test.evil.test")]
    [InlineData("allowed.test.evil.test.")]
    [InlineData("allowed.test\0.evil.test")]
    [InlineData("allowed.test\0")]
    [InlineData("evil.test#allowed.test")]
    [InlineData("evil.test#.wild.test")]
    [InlineData("evil.test?.wild.test")]
    [InlineData("evil.test/.wild.test")]
    [InlineData("evil.test\\.wild.test")]
    [InlineData("evil.test%00.wild.test")]
    [InlineData("evil.test%2e.wild.test")]
    [InlineData("evil.test;.wild.test")]
    [InlineData("evil.test,a.wild.test")]
    [InlineData("user@allowed.test")]
    [InlineData("allowed.test@evil.test")]
    [InlineData("evil.test:80@a.wild.test")]
    [InlineData("allowed.test evil.test")]
    [InlineData(" allowed.test")]
    [InlineData("allowed.test ")]
    [InlineData("allowed.test\t")]
    [InlineData("allowed.test\r\nHost: evil.test")]
    [InlineData("allowed.test\u00a0")]
    [InlineData("\u200ballowed.test")]
    [InlineData("all\u00adowed.test")]
    [InlineData("al\u0142owed.test")]
    [InlineData("\u0430llowed.test")]
    [InlineData("allowed\u3002test")]
    [InlineData("allowed\uff0etest")]
    [InlineData("\uff41llowed.test")]
    [InlineData("b\u00fccher.test")]
    [InlineData("K\u212a.wild.test")]
    [InlineData("-a.wild.test")]
    [InlineData("a-.wild.test")]
    [InlineData("198.51.100.2")]
    [InlineData("198.51.100.2.")]
    [InlineData("3325256706")]
    [InlineData("0xc6.0x33.0x64.0x02")]
    [InlineData("0xc6336402")]
    [InlineData("0306.063.0144.02")]
    [InlineData("198.51.25602")]
    [InlineData("127.1")]
    [InlineData("[::1]")]
    [InlineData("::ffff:198.51.100.2")]
    [InlineData("[::ffff:198.51.100.2]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("fe80::1%eth0")]
    [InlineData("a.wild.test.1")]
    [InlineData("a.wild.test.0x1")]
    public void Nothing_else_passes_for_an_allowed_name(string text) => Assert.False(IsAllowed(text));

    [Fact]
    public void A_name_longer_than_DNS_allows_is_none()
    {
        Assert.False(IsAllowed(new string('a', 64) + ".wild.test"));
        Assert.False(IsAllowed(string.Join('.', Enumerable.Repeat("abcdefg", 32)) + ".wild.test"));
    }

    [Fact]
    public void A_star_alone_allows_every_name_and_no_address()
    {
        var everything = new EgressRules([], ["*"], [AddressRange.Everything]);

        Assert.Equal("*", HostName.TryParse("Any.example", out var name) ? everything.EntryFor(name) : null);
        Assert.False(HostName.TryParse("198.51.100.2", out _));
    }

    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7")]
    [InlineData("198.51.100.7/32", "198.51.100.7")]
    [InlineData("198.51.100.7/24", "198.51.100.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    public void A_range_is_read(string text, string means) => Assert.Equal(means, AddressRange.Parse(text).ToString());

    [Theory]
    [InlineData("198.51.100.07")]
    [InlineData("0306.51.100.7")]
    [InlineData("0xc6.51.100.7")]
    [InlineData("198.51.100")]
    [InlineData("198.51.100.256")]
    [InlineData("198.51.100.7/33")]
    [InlineData("198.51.100.7/")]
    [InlineData("198.51.100.7/024")]
    [InlineData("198.51.100.7 ")]
    [InlineData("+198.51.100.7")]
    [InlineData("2001:db8::/32")]
    [InlineData("")]
    public void Another_spelling_of_an_address_is_no_range(string text) => Assert.False(AddressRange.TryParse(text, out _));

    private static bool IsAllowed(string text) => HostName.TryParse(text, out var name) && Rules.EntryFor(name) is not null;
}
