using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The answer of a streaming call: one envelope for each message, sent at once.</summary>
internal sealed class MessageStream<T>(HttpContext context, MessageCodec codec, JsonTypeInfo<T> type)
    where T : class
{
    // Longer than a listener may sleep, so that a client that wakes up late still reads why it was dropped.
    private static readonly TimeSpan WriteLimit = 2 * OutputFanout.Patience;

    private readonly ArrayBufferWriter<byte> _frame = new();

    /// <summary>The client is gone.</summary>
    public CancellationToken Aborted => context.RequestAborted;

    public Task WriteAsync(T message)
    {
        BeginFrame();
        codec.Encode(message, type, _frame);
        return SendFrameAsync(0);
    }

    /// <summary>Sends the last envelope, which every stream must have, and which is JSON whatever the codec.</summary>
    public Task EndAsync(ConnectException? failure)
    {
        BeginFrame();
        MessageCodec.Json.Encode(new StreamEnd(failure is null ? null : ConnectError.From(failure)), EnvdJson.Default.StreamEnd, _frame);
        return SendFrameAsync(Envelope.EndStreamFlag);
    }

    private void BeginFrame()
    {
        _frame.ResetWrittenCount();
        _frame.GetSpan(Envelope.HeaderLength)[..Envelope.HeaderLength].Clear();
        _frame.Advance(Envelope.HeaderLength);
    }

    private async Task SendFrameAsync(byte flags)
    {
        // The length is known only now; the buffer is our own, so its first bytes may be written again.
        var header = MemoryMarshal.AsMemory(_frame.WrittenMemory).Span;
        Envelope.WriteHeader(header, flags, _frame.WrittenCount - Envelope.HeaderLength);
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
}
