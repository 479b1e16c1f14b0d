using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol;

/// <summary>Calls of the Connect protocol in its JSON form, over any <see cref="HttpClient"/>.</summary>
public static class ConnectClient
{
    private const int MaxErrorBody = 64 << 10;

    /// <summary>Sends one message and reads one message.</summary>
    /// <exception cref="ConnectException">The call failed, or the answer is not an answer of this protocol.</exception>
    public static async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        HttpClient http,
        HttpRequestMessage request,
        TRequest message,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        CancellationToken cancellationToken)
    {
        request.Method = HttpMethod.Post;
        request.Headers.TryAddWithoutValidation(Headers.ConnectProtocolVersion, "1");
        request.Content = Json(JsonSerializer.SerializeToUtf8Bytes(message, requestType), "application/json");

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
            throw await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonSerializer.DeserializeAsync(body, responseType, cancellationToken).ConfigureAwait(false)
                ?? throw new ConnectException(ConnectCode.Internal, "empty answer");
        }
    }

    /// <summary>Sends one message and reads a stream of messages until its end.</summary>
    /// <exception cref="ConnectException">While enumerating: the call failed, or the stream broke off before its end message.</exception>
    public static async IAsyncEnumerable<TResponse> StreamAsync<TRequest, TResponse>(
        HttpClient http,
        HttpRequestMessage request,
        TRequest message,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        request.Method = HttpMethod.Post;
        request.Headers.TryAddWithoutValidation(Headers.ConnectProtocolVersion, "1");
        request.Content = Json(Enveloped(JsonSerializer.SerializeToUtf8Bytes(message, requestType)), "application/connect+json");

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
            throw await ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var reader = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 64 << 10));
        StreamEnd? end = null;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var buffer = read.Buffer;
                while (Envelope.TryRead(ref buffer, out var flags, out var payload))
                {
                    if ((flags & Envelope.EndStreamFlag) != 0) end = Parse(payload, EnvdJson.Default.StreamEnd);
                    else yield return Parse(payload, responseType);
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted) break; // not at the end message already: a body read to its end leaves a connection that can be used again
            }

            if (end is null) throw new ConnectException(ConnectCode.Unavailable, "the stream broke off before its end");
            if (end.Error is { } error) throw new ConnectException(ConnectCodes.Parse(error.Code), error.Message ?? error.Code);
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Turns a failed HTTP answer into the exception to throw, whoever wrote it: envd, a proxy or something else.</summary>
    public static async Task<ConnectException> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var body = await ReadBoundedAsync(response.Content, cancellationToken).ConfigureAwait(false);
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            var message = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("message", out var text) ? text.ToString() : null;
            if (message is not null && root.TryGetProperty("code", out var code))
            {
                return code.ValueKind == JsonValueKind.String
                    ? new ConnectException(ConnectCodes.Parse(code.GetString()), message, status)
                    : new ConnectException(ConnectCodes.FromHttpStatus(status), message, status);
            }
        }
        catch (JsonException)
        {
            // Not ours: a page of some proxy on the way. The status is all there is to say.
        }

        return new ConnectException(ConnectCodes.FromHttpStatus(status), $"HTTP {status} {response.ReasonPhrase}", status);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[MaxErrorBody];
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return buffer.AsMemory(0, length);
        }
    }

    private static T Parse<T>(System.Buffers.ReadOnlySequence<byte> payload, JsonTypeInfo<T> type)
    {
        var reader = new Utf8JsonReader(payload);
        return JsonSerializer.Deserialize(ref reader, type) ?? throw new ConnectException(ConnectCode.Internal, "empty message");
    }

    private static byte[] Enveloped(byte[] message)
    {
        var framed = new byte[Envelope.HeaderLength + message.Length];
        Envelope.WriteHeader(framed, 0, message.Length);
        message.CopyTo(framed, Envelope.HeaderLength);
        return framed;
    }

    private static ByteArrayContent Json(byte[] body, string mediaType) =>
        new(body) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
}
