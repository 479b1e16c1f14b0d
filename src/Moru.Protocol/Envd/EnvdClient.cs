using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol;

/// <summary>
/// A client of one sandbox's envd, with no policy: no retries, no time-outs, no translation of errors. Every failure that envd
/// or the proxy reports is a <see cref="ConnectException"/>; a connection that cannot be made is an <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="http">Connection to use; it stays the caller's.</param>
/// <param name="baseAddress">Root of envd's URLs.</param>
/// <param name="accessToken">The sandbox's access token, when it has one.</param>
public sealed partial class EnvdClient(HttpClient http, Uri baseAddress, string? accessToken = null)
{
    /// <summary>Asks envd whether it answers.</summary>
    /// <exception cref="ConnectException">Something else than envd answered, or the proxy did not find the sandbox (HTTP status 502).</exception>
    public async Task HealthAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, "health");
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets environment, token and defaults.</summary>
    public async Task InitAsync(InitRequest init, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, "init");
        request.Content = new ByteArrayContent(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(init, EnvdJson.Default.InitRequest))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private HttpRequestMessage Rpc(string method, string? user)
    {
        var request = Request(HttpMethod.Post, method);
        if (user is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":")));
        return request;
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        string method,
        TRequest message,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        string? user,
        CancellationToken cancellationToken) =>
        ConnectClient.UnaryAsync(http, Rpc(method, user), message, requestType, responseType, cancellationToken);

    private HttpRequestMessage Request(HttpMethod method, string relative)
    {
        var request = new HttpRequestMessage(method, new Uri(baseAddress, relative)) { Version = HttpVersion.Version11 };
        if (accessToken is not null) request.Headers.TryAddWithoutValidation(Headers.AccessToken, accessToken);
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response;
        using (response)
            throw await ConnectClient.ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
    }
}
