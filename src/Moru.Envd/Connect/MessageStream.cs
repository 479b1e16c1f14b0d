using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The answer of a streaming call: one envelope for each message, sent at once.</summary>
internal sealed class MessageStream<T>(HttpContext context, JsonTypeInfo<T> type)
{
    // Longer than a listener may sleep, so that a client that wakes up late still reads why it was dropped.
    private static readonly TimeSpan WriteLimit = 2 * OutputFanout.Patience;

    private readonly ArrayBufferWriter<byte> _frame = new();

    /// <summary>The client is gone.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    public Task WriteAsync(T message) => SendAsync(message, type, 0);

    /// <summary>Sends the last envelope, which every stream must have.</summary>
    public Task EndAsync(ConnectException? failure) =>
        SendAsync(new StreamEnd(failure is null ? null : ConnectError.From(failure)), EnvdJson.Default.StreamEnd, Envelope.EndStreamFlag);

    private async Task SendAsync<TMessage>(TMessage message, JsonTypeInfo<TMessage> messageType, byte flags)
    {
        Frame(message, messageType, flags);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Aborted);
        limit.CancelAfter(WriteLimit);
        try
        {
            await context.Response.BodyWriter.WriteAsync(_frame.WrittenMemory, limit.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
            throw;
        }
    }

    private void Frame<TMessage>(TMessage message, JsonTypeInfo<TMessage> messageType, byte flags)
    {
        _frame.ResetWrittenCount();
        _frame.GetSpan(Envelope.HeaderLength)[..Envelope.HeaderLength].Clear();
        _frame.Advance(Envelope.HeaderLength);
        using (var json = new Utf8JsonWriter(_frame)) JsonSerializer.Serialize(json, message, messageType);
        // The length is known only now; the buffer is our own, so its first bytes may be written again.
        var header = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_frame.WrittenMemory).Span;
        Envelope.WriteHeader(header, flags, _frame.WrittenCount - Envelope.HeaderLength);
    }
}
