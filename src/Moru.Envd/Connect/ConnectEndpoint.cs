using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Calls of the Connect protocol, JSON form (connectrpc.com/docs/protocol), from their bytes to a handler and back.</summary>
internal static class ConnectEndpoint
{
    private const string UnaryType = "application/json", StreamType = "application/connect+json";

    /// <summary>Largest request, well above what the kernel takes as arguments.</summary>
    private const int MaxRequest = 8 << 20;

    public static Task UnaryAsync<TRequest, TResponse>(
        HttpContext context, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType, Func<TRequest, TResponse> handle) =>
        UnaryAsync(context, requestType, responseType, (_, request) => Task.FromResult(handle(request)));

    public static async Task UnaryAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, TRequest, Task<TResponse>> handle)
    {
        if (!Accepts(context, UnaryType)) return;
        try
        {
            var body = await ReadBodyAsync(context);
            var response = await handle(context, Parse(body, requestType));
            await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, response, responseType);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            var failure = Translate(exception, context);
            await JsonAnswer.WriteAsync(context, failure.Code.HttpStatus(), ConnectError.From(failure), EnvdJson.Default.ConnectError);
        }
    }

    /// <summary>Failures travel inside the stream even before its first message: one official client misreads an HTTP error here.</summary>
    public static async Task StreamAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, TRequest, MessageStream<TResponse>, Task> handle)
    {
        if (!Accepts(context, StreamType)) return;
        context.Response.ContentType = StreamType;
        var stream = new MessageStream<TResponse>(context, responseType);
        ConnectException? failure = null;
        try
        {
            var body = new ReadOnlySequence<byte>(await ReadBodyAsync(context));
            if (!Envelope.TryRead(ref body, out _, out var message))
                throw new ConnectException(ConnectCode.InvalidArgument, "incomplete envelope: five header bytes and the message they announce are needed");
            await handle(context, Parse(message.ToArray(), requestType), stream);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            failure = Translate(exception, context);
        }

        await stream.EndAsync(failure);
    }

    /// <summary>A call with a stream of messages from the client and one answer.</summary>
    public static async Task ClientStreamAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, IAsyncEnumerable<TRequest>, Task<TResponse>> handle)
    {
        if (!Accepts(context, StreamType)) return;
        context.Response.ContentType = StreamType;
        var stream = new MessageStream<TResponse>(context, responseType);
        ConnectException? failure = null;
        try
        {
            await stream.WriteAsync(await handle(context, MessagesAsync(context, requestType)));
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            failure = Translate(exception, context);
        }

        await stream.EndAsync(failure);
    }

    private static async IAsyncEnumerable<T> MessagesAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var buffer = read.Buffer;
            while (Envelope.TryRead(ref buffer, out _, out var message)) yield return Parse(message.ToArray(), type);
            if (buffer.Length > MaxRequest)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"message is larger than the limit of {MaxRequest} bytes");
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (!read.IsCompleted) continue;
            if (buffer.IsEmpty) yield break;
            throw new ConnectException(ConnectCode.InvalidArgument, "the stream ends inside a message");
        }
    }

    private static bool Accepts(HttpContext context, string mediaType)
    {
        var given = context.Request.ContentType ?? "";
        if (given.Split(';')[0].Trim().Equals(mediaType, StringComparison.OrdinalIgnoreCase)) return true;
        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        context.Response.Headers["Accept-Post"] = mediaType;
        return false;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > MaxRequest)
                throw new ConnectException(ConnectCode.ResourceExhausted, $"request is larger than the limit of {MaxRequest} bytes");
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new ConnectException(ConnectCode.InvalidArgument, "the message is null");

    private static ConnectException Translate(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case ConnectException known:
                return known;
            case JsonException json:
                return new ConnectException(ConnectCode.InvalidArgument, $"malformed message: {json.Message}");
            default:
                Log.Failure(context.Request.Path, exception);
                return new ConnectException(ConnectCode.Internal, "envd failed at this call; its own log says why");
        }
    }
}
