using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Moru.Protocol;

namespace Moru;

/// <summary>Requests to the control plane.</summary>
internal sealed class ApiTransport(HttpClient http, MoruOptions options, Uri root)
{
    private static readonly string UserAgent = "moru-dotnet-sdk/" + (typeof(ApiTransport).Assembly.GetName().Version?.ToString(3) ?? "0");

    public Uri Root => root;

    public async Task<TResponse> SendAsync<TResponse>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(method, path, body, limit.Token, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, type, limit.Token).ConfigureAwait(false);
    }

    /// <summary>Reads one page; the token is that of the next page, null on the last.</summary>
    public async Task<(TResponse Page, string? NextToken)> GetPageAsync<TResponse>(
        string path, JsonTypeInfo<TResponse> type, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(HttpMethod.Get, path, null, limit.Token, cancellationToken).ConfigureAwait(false);
        var next = response.Headers.TryGetValues(Headers.NextToken, out var values) ? values.FirstOrDefault() : null;
        return (await ReadAsync(response, type, limit.Token).ConfigureAwait(false), next);
    }

    public async Task SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var response = await SendAsync(method, path, body, limit.Token, cancellationToken).ConfigureAwait(false);
    }

    public static HttpContent Json<T>(T body, JsonTypeInfo<T> type) =>
        new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        return limit;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? body, CancellationToken limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(root, path)) { Content = body };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (options.ApiKey is { } key) request.Headers.TryAddWithoutValidation(Headers.ApiKey, key);

        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
            if (response.IsSuccessStatusCode) return response;
            using (response)
                throw ApiErrors.FromApi(await ConnectClient.ReadErrorAsync(response, limit).ConfigureAwait(false));
        }
        catch (HttpRequestException error)
        {
            throw ApiErrors.FromConnection(error, root.GetLeftPart(UriPartial.Authority));
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxTimeoutException(
                $"{method} {request.RequestUri!.AbsolutePath} took longer than {options.RequestTimeout.TotalSeconds:0.#} s; the server may still carry it out.", error);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken).ConfigureAwait(false)
                ?? throw new SandboxException("The server sent an empty answer.");
        }
    }
}
