using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Calls of the Connect protocol (connectrpc.com/docs/protocol), from their bytes to a handler and back.</summary>
internal static class ConnectEndpoint
{
    private const string Unary = "application/", Stream = "application/connect+";

    /// <summary>Largest request, well above what the kernel takes as arguments.</summary>
    private const int MaxRequest = 8 << 20;

    public static Task UnaryAsync<TRequest, TResponse>(
        HttpContext context, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType, Func<TRequest, TResponse> handle)
        where TRequest : class
        where TResponse : class =>
        UnaryAsync(context, requestType, responseType, (_, request) => Task.FromResult(handle(request)));

    public static async Task UnaryAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, TRequest, Task<TResponse>> handle)
        where TRequest : class
        where TResponse : class
    {
        if (CodecOrRefuse(context, Unary) is not { } codec) return;
        try
        {
            ConnectHeaders.Check(context);
            var body = await ReadBodyAsync(context);
            var response = await handle(context, codec.Decode(body, requestType));
            context.Response.ContentType = Unary + codec.Name;
            await codec.EncodeAsync(response, responseType, context.Response.BodyWriter, context.RequestAborted);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            var failure = Translate(exception, context);
            await JsonAnswer.WriteAsync(context, failure.Code.HttpStatus(), ConnectError.From(failure), EnvdJson.Default.ConnectError);
        }
    }

    /// <summary>Failures travel inside the stream even before its first message: one official client misreads an HTTP error here.</summary>
    public static Task StreamAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, TRequest, MessageStream<TResponse>, Task> handle)
        where TRequest : class
        where TResponse : class => AnswerAsync(context, responseType, async (codec, stream) =>
        {
            var body = new ReadOnlySequence<byte>(await ReadBodyAsync(context));
            if (!Envelope.TryRead(ref body, out _, out var message))
                throw new ConnectException(ConnectCode.InvalidArgument, "incomplete envelope: five header bytes and the message they announce are needed");
            await handle(context, codec.Decode(message.ToArray(), requestType), stream);
        });

    /// <summary>A call with a stream of messages from the client and one answer.</summary>
    public static Task ClientStreamAsync<TRequest, TResponse>(
        HttpContext context,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TResponse> responseType,
        Func<HttpContext, IAsyncEnumerable<TRequest>, Task<TResponse>> handle)
        where TRequest : class
        where TResponse : class => AnswerAsync(context, responseType, async (codec, stream) =>
            await stream.WriteAsync(await handle(context, MessagesAsync(context, codec, requestType))));

    private static async Task AnswerAsync<TResponse>(
        HttpContext context, JsonTypeInfo<TResponse> responseType, Func<MessageCodec, MessageStream<TResponse>, Task> answer)
        where TResponse : class
    {
        if (CodecOrRefuse(context, Stream) is not { } codec) return;
        context.Response.ContentType = Stream + codec.Name;
        var stream = new MessageStream<TResponse>(context, codec, responseType);
        ConnectException? failure = null;
        try
        {
            ConnectHeaders.Check(context);
            await answer(codec, stream);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            failure = Translate(exception, context);
        }

        await stream.EndAsync(failure);
    }

    private static async IAsyncEnumerable<T> MessagesAsync<T>(HttpContext context, MessageCodec codec, JsonTypeInfo<T> type)
        where T : class
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            var buffer = read.Buffer;
            long rest;
            try
            {
                while (Envelope.TryRead(ref buffer, out _, out var message)) yield return codec.Decode(message.ToArray(), type);
            }
            finally
            {
                // Also when the caller has enough: with a read that was not ended Kestrel closes the connection without telling the client.
                rest = buffer.Length;
                reader.AdvanceTo(buffer.Start, buffer.End);
            }

            if (rest > MaxRequest) throw new ConnectException(ConnectCode.ResourceExhausted, $"message is larger than the limit of {MaxRequest} bytes");
            if (!read.IsCompleted) continue;
            if (rest == 0) yield break;
            throw new ConnectException(ConnectCode.InvalidArgument, "the stream ends inside a message");
        }
    }

    /// <summary>The codec that the media type of the request names, with which it is answered too.</summary>
    private static MessageCodec? CodecOrRefuse(HttpContext context, string prefix)
    {
        var given = (context.Request.ContentType ?? "").Split(';')[0].Trim();
        var codec = MessageCodec.All.FirstOrDefault(codec => given.Equals(prefix + codec.Name, StringComparison.OrdinalIgnoreCase));
        if (codec is not null) return codec;
        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        context.Response.Headers["Accept-Post"] = string.Join(", ", MessageCodec.All.Select(known => prefix + known.Name));
        return null;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > MaxRequest)
            {
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                throw new ConnectException(ConnectCode.ResourceExhausted, $"request is larger than the limit of {MaxRequest} bytes");
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ConnectException Translate(Exception exception, HttpContext context)
    {
        if (exception is ConnectException known) return known;
        Log.Failure(context.Request.Path, exception);
        return new ConnectException(ConnectCode.Internal, "envd failed at this call; its own log says why");
    }
}
