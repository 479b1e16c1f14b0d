using System.Security.Cryptography;
using System.Text;

namespace Moru.Protocol.Tests;

public sealed class Signatures
{
    private const string Token = "0tQG31xiMp0IOQfaz9dcwi72L1CPo8e0";

    [Fact]
    public void A_signature_is_the_published_one() =>
        Assert.Equal("v1_gUtH/s9YCJWgCizjfUxuWfhFE4QSydOWEIIvfLwDr6E", Signature.Of("hello.txt", FileOperation.Read, "user", Token));

    [Theory]
    [InlineData("a b.txt", FileOperation.Write, "", null, "a b.txt:write::")]
    [InlineData("/ü/\"x\"", FileOperation.Read, "root", null, "/ü/\"x\":read:root:")]
    [InlineData("x", FileOperation.Read, "user", 1_900_000_000L, "x:read:user:", ":1900000000")]
    [InlineData("x", FileOperation.Read, "user", -5L, "x:read:user:", ":-5")]
    public void A_signature_covers_all_that_the_url_says(string path, FileOperation operation, string user, long? expiration, string before, string after = "")
    {
        var expected = "v1_" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(before + Token + after))).TrimEnd('=');

        Assert.Equal(expected, Signature.Of(path, operation, user, Token, expiration));
    }

    [Fact]
    public void A_signature_matches_itself_and_nothing_else()
    {
        var signature = Signature.Of("x", FileOperation.Read, "", Token);

        Assert.True(Signature.Matches(signature, Signature.Of("x", FileOperation.Read, "", Token)));
        Assert.False(Signature.Matches(signature[..^1], signature));
        Assert.False(Signature.Matches("", signature));
        Assert.False(Signature.Matches(Signature.Of("x", FileOperation.Write, "", Token), signature));
    }

    [Fact]
    public void The_hash_of_every_length_around_block_edges_is_right()
    {
        for (var length = 0; length <= 300; length++) AssertHash(Random(length, seed: length));
    }

    [Fact]
    public void The_hash_of_anything_is_right()
    {
        var random = new Random(20_260);
        for (var round = 0; round < 500; round++) AssertHash(Random(random.Next(20_000), seed: round));
    }

    private static byte[] Random(int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }

    private static void AssertHash(byte[] data)
    {
        var digest = new byte[Sha256.DigestLength];
        Sha256.Hash(data, digest);

        Assert.Equal(SHA256.HashData(data), digest);
    }
}
