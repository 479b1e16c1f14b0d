using System.Net;
using System.Text;

namespace Moru.Runtime.Tests;

/// <summary>Logins of registries that have their own forms. A listener on loopback stands in for Amazon's API.</summary>
public sealed class TemplateRegistryLogins
{
    private static readonly RegistryAccess.Amazon Access = new("AKID", "secret-key", "eu-west-1");

    [Fact]
    public async Task Amazon_gives_a_user_and_a_password_for_a_signed_request()
    {
        await using var amazon = new StandIn(HttpStatusCode.OK, $$"""{"authorizationData":[{"authorizationToken":"{{Token("AWS:pass:word")}}","proxyEndpoint":"https://1.dkr.ecr"}]}""");

        var login = await amazon.LoginAsync(Access);

        Assert.Equal(new RegistryLogin("AWS", "pass:word"), login);
        Assert.Equal(("POST", "{}"), (amazon.Method, amazon.Body));
        Assert.Equal("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", amazon.Target);
        Assert.StartsWith("AWS4-HMAC-SHA256 Credential=AKID/", amazon.Authorization, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.BadRequest, """{"__type":"UnrecognizedClientException"}""", "answered 400; check the access key")]
    [InlineData(HttpStatusCode.OK, "{}", "without a login")]
    [InlineData(HttpStatusCode.OK, """{"authorizationData":[]}""", "without a login")]
    [InlineData(HttpStatusCode.OK, """{"authorizationData":[{"authorizationToken":"bm8gY29sb24="}]}""", "without a login")]
    [InlineData(HttpStatusCode.OK, """{"authorizationData":[{"authorizationToken":"!"}]}""", "gave no login")]
    [InlineData(HttpStatusCode.OK, "not JSON", "gave no login")]
    public async Task What_is_no_login_is_said_without_the_secret(HttpStatusCode status, string answer, string says)
    {
        await using var amazon = new StandIn(status, answer);

        var refused = await Assert.ThrowsAsync<RuntimeException>(() => amazon.LoginAsync(Access));

        Assert.Equal(RuntimeError.ImageUnavailable, refused.Error);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("eu-west-1.evil.test/")]
    [InlineData("127.0.0.1")]
    public async Task A_region_is_no_way_to_another_host(string region)
    {
        var refused = await Assert.ThrowsAsync<RuntimeException>(() => (Access with { Region = region }).LoginAsync(Node.Cancel));

        Assert.Contains("no AWS region", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Regions_in_China_have_hosts_of_their_own()
    {
        using var request = AmazonLogin.Request(Access with { Region = "cn-north-1" }, DateTimeOffset.UnixEpoch);

        Assert.Equal("https://api.ecr.cn-north-1.amazonaws.com.cn/", request.RequestUri!.ToString());
    }

    [Fact]
    public async Task Google_takes_the_key_of_a_service_account_as_it_is() =>
        Assert.Equal(new RegistryLogin("_json_key", """{"a":1}"""), await new RegistryAccess.Google("""{"a":1}""").LoginAsync(Node.Cancel));

    private static string Token(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Answers one request as it is told to.</summary>
    private sealed class StandIn : IAsyncDisposable
    {
        private readonly HttpListener listener = new();
        private readonly Task serving;

        public StandIn(HttpStatusCode status, string answer)
        {
            using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Url = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
            }

            listener.Prefixes.Add(Url.ToString());
            listener.Start();
            serving = ServeAsync(status, answer);
        }

        public Uri Url { get; }

        public string? Method { get; private set; }

        public string? Target { get; private set; }

        public string? Authorization { get; private set; }

        public string? Body { get; private set; }

        public async Task<RegistryLogin> LoginAsync(RegistryAccess.Amazon access)
        {
            using var http = new HttpClient(new Detour(Url));
            return await AmazonLogin.GetAsync(access, http, Node.Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            await serving;
            listener.Close();
        }

        private async Task ServeAsync(HttpStatusCode status, string answer)
        {
            var context = await listener.GetContextAsync();
            (Method, Target, Authorization) = (context.Request.HttpMethod, context.Request.Headers["X-Amz-Target"], context.Request.Headers["Authorization"]);
            using (var reader = new StreamReader(context.Request.InputStream)) Body = await reader.ReadToEndAsync();
            context.Response.StatusCode = (int)status;
            context.Response.Close(Encoding.UTF8.GetBytes(answer), willBlock: false);
        }
    }

    private sealed class Detour(Uri to) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = to;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
