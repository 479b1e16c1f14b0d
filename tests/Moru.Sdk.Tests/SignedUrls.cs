using System.Net;

namespace Moru.Sdk.Tests;

/// <summary>URLs that anyone may use. Their host names are sent to the server's own port, as a reverse proxy would.</summary>
public sealed class SignedUrls(ServerFixture fixture) : IAsyncLifetime, IDisposable
{
    private readonly HttpClient anyone = new();
    private Sandbox sandbox = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    public void Dispose() => anyone.Dispose();

    [Fact]
    public async Task A_file_goes_up_and_down_by_url_alone()
    {
        using var form = new MultipartFormDataContent { { new StringContent("from a browser"), "file", "any" } };
        using var up = await SendAsync(HttpMethod.Post, sandbox.UploadUrl("/tmp/a b+ü.txt", "root", TimeSpan.FromMinutes(1)), form);
        Assert.Equal(HttpStatusCode.OK, up.StatusCode);

        using var down = await SendAsync(HttpMethod.Get, sandbox.DownloadUrl("/tmp/a b+ü.txt"));
        Assert.Equal("from a browser", await down.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal("root", (await sandbox.Files.GetInfoAsync("/tmp/a b+ü.txt", cancellationToken: Cancelled)).Owner);
    }

    [Fact]
    public async Task A_url_holds_for_its_time_its_file_and_its_operation()
    {
        await sandbox.Files.WriteAsync("/tmp/f", "x", cancellationToken: Cancelled);
        var url = sandbox.DownloadUrl("/tmp/f", expiration: TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(async () => await StatusAsync(url) is HttpStatusCode.Unauthorized, "the URL runs out");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(sandbox.DownloadUrl("/tmp/f", expiration: TimeSpan.FromMinutes(1))));
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(sandbox.UploadUrl("/tmp/f")));
        Assert.NotEqual(HttpStatusCode.OK, await StatusAsync(new Uri(sandbox.DownloadUrl("/tmp/f").AbsoluteUri.Replace("%2Ff", "%2Fg", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Without_security_there_is_nothing_to_sign()
    {
        await using var open = await fixture.Client.CreateSandboxAsync(options: new() { Secure = false }, cancellationToken: Cancelled);

        Assert.DoesNotContain("signature", open.DownloadUrl("f").Query, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidArgumentException>(() => open.DownloadUrl("f", expiration: TimeSpan.FromMinutes(1)));
        Assert.Contains(open.SandboxId, error.Message, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> StatusAsync(Uri url)
    {
        using var response = await SendAsync(HttpMethod.Get, url);
        return response.StatusCode;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri url, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(fixture.Server.HttpUrl!, url.PathAndQuery)) { Headers = { Host = url.Authority }, Content = body };
        return await anyone.SendAsync(request, Cancelled);
    }
}
