using System.Net;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class TokenSpecs : IAsyncLifetime
{
    private const string Token = "secret";

    private readonly LoopbackEnvd _envd = new();

    private string File => $"{_envd.Directory}/a b+ü.txt";

    public async ValueTask InitializeAsync()
    {
        await _envd.InitializeAsync();
        await System.IO.File.WriteAllTextAsync(File, "content");
        await _envd.Client.InitAsync(new InitRequest { AccessToken = Token }, default);
    }

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Theory]
    [InlineData("POST", "process.Process/List")]
    [InlineData("POST", "filesystem.Filesystem/ListDir")]
    [InlineData("POST", "init")]
    [InlineData("POST", "shutdown")]
    [InlineData("GET", "metrics")]
    [InlineData("GET", "envs")]
    [InlineData("POST", "health")]
    [InlineData("DELETE", "files?signature=x")]
    [InlineData("GET", "nothing")]
    public async Task Everything_else_needs_the_header(string method, string path)
    {
        using var missing = await _envd.SendAsync(method, path);
        using var wrong = await _envd.SendAsync(method, path, (Headers.AccessToken, "guess"));

        await missing.AssertErrorAsync(HttpStatusCode.Unauthorized, "missing X-Access-Token header");
        await wrong.AssertErrorAsync(HttpStatusCode.Unauthorized, "wrong access token");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(60L)]
    [InlineData(9_000_000_000_000_000_000L)]
    public async Task A_signature_stands_in_for_the_header(long? seconds)
    {
        long? expiration = seconds > 1000 ? seconds : seconds is null ? null : DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;

        using var read = await _envd.SendAsync("GET", Signed(FileOperation.Read, expiration));
        using var head = await _envd.SendAsync("HEAD", Signed(FileOperation.Read, expiration));
        using var write = await _envd.SendAsync("POST", Signed(FileOperation.Write, expiration), Form());

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (read.StatusCode, head.StatusCode, write.StatusCode));
    }

    [Fact]
    public async Task A_signature_covers_the_user()
    {
        var signature = Uri.EscapeDataString(Signature.Of(File, FileOperation.Read, "nobody", Token));

        using var named = await _envd.SendAsync("GET", $"files?path={Uri.EscapeDataString(File)}&username=nobody&signature={signature}");
        using var other = await _envd.SendAsync("GET", $"files?path={Uri.EscapeDataString(File)}&username=root&signature={signature}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (named.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task A_signature_for_reading_does_not_write()
    {
        using var response = await _envd.SendAsync("POST", Signed(FileOperation.Read, null), Form());

        await AssertBodyAsync(response, "invalid signature");
    }

    [Theory]
    [InlineData(1_000_000_000L)]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    public async Task A_signature_ends_when_it_says(long expiration)
    {
        using var response = await _envd.SendAsync("GET", Signed(FileOperation.Read, expiration));

        await AssertBodyAsync(response, "signature is already expired");
    }

    [Theory]
    [InlineData("", "missing signature query parameter")]
    [InlineData("&signature=", "missing signature query parameter")]
    [InlineData("&signature=v1_guess", "invalid signature")]
    [InlineData("&signature=v1_guess&signature_expiration=1", "invalid signature")]
    [InlineData("&signature={signature}&signature_expiration=4102444800", "invalid signature")]
    [InlineData("&signature={signature}&signature_expiration=", "invalid signature")]
    [InlineData("&signature={signature}&signature_expiration=soon", "invalid signature")]
    [InlineData("&signature={signature}&signature_expiration=99999999999999999999", "invalid signature")]
    [InlineData("&signature={signature}&signature={signature}", "invalid signature")]
    [InlineData("x&signature={signature}", "invalid signature")]
    public async Task A_signature_for_anything_else_is_refused(string query, string message)
    {
        var signature = Uri.EscapeDataString(Signature.Of(File, FileOperation.Read, "", Token));

        using var response = await _envd.SendAsync("GET", $"files?path={Uri.EscapeDataString(File)}{query.Replace("{signature}", signature)}");

        await AssertBodyAsync(response, message);
    }

    [Fact]
    public async Task A_header_alone_decides()
    {
        using var right = await _envd.SendAsync("GET", $"files?path={Uri.EscapeDataString(File)}&signature=wrong", (Headers.AccessToken, Token));
        using var wrong = await _envd.SendAsync("GET", Signed(FileOperation.Read, null), (Headers.AccessToken, "guess"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (right.StatusCode, wrong.StatusCode));
    }

    [Fact]
    public async Task Without_a_token_no_signature_matters()
    {
        await using var open = new LoopbackEnvd();
        await open.InitializeAsync();

        using var response = await open.SendAsync("GET", $"files?path={Uri.EscapeDataString(File)}&signature=wrong&signature_expiration=1");

        Assert.Equal("content", await response.TextAsync());
    }

    private string Signed(FileOperation operation, long? expiration) =>
        $"files?path={Uri.EscapeDataString(File)}&signature={Uri.EscapeDataString(Signature.Of(File, operation, "", Token, expiration))}"
        + (expiration is { } seconds ? $"&signature_expiration={seconds}" : "");

    private static MultipartFormDataContent Form() => new() { { new StringContent("content"), "file" } };

    private static async Task AssertBodyAsync(HttpResponseMessage response, string message)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal($$"""{"code":401,"message":"{{message}}"}""", await response.TextAsync());
    }
}
