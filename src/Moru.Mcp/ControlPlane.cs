using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>The endpoints that administer a server, which the SDK leaves out.</summary>
internal sealed class ControlPlane : IDisposable
{
    private readonly HttpClient http;

    /// <param name="handler">Leads to the server.</param>
    /// <param name="url">Root of its API.</param>
    /// <param name="credentialHeader">Header of the credential.</param>
    /// <param name="credential">The credential; null: none.</param>
    public ControlPlane(HttpMessageHandler handler, Uri url, string credentialHeader, string? credential)
    {
        http = new HttpClient(handler) { BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/") };
        if (credential is not null) http.DefaultRequestHeaders.TryAddWithoutValidation(credentialHeader, credential);
    }

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await ReadAsync(await SendAsync(HttpMethod.Get, path, null, cancellationToken), type, cancellationToken);

    public async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await ReadAsync(await SendAsync(method, path, body, cancellationToken), type, cancellationToken);

    public async Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Delete, path, null, cancellationToken)).Dispose();

    public static HttpContent Body<T>(T value, JsonTypeInfo<T> type) => JsonContent.Create(value, type);

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            throw new ServerUnreachableException($"The Moru server does not answer: {error.Message}", error);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw new SandboxException(await ProblemAsync(response, cancellationToken));
    }

    private static async Task<string> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var problem = response.Content.Headers.ContentType?.MediaType == "application/json"
            ? await response.Content.ReadFromJsonAsync(ApiJson.Default.ApiError, cancellationToken)
            : null;
        return problem?.Message ?? $"The server answered {(int)response.StatusCode}.";
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using (response)
            return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new SandboxException("The server answered null.");
    }
}
