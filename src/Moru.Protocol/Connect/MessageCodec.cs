using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol;

/// <summary>How the messages of the Connect protocol are put into bytes. JSON is what official clients send; both forms mean the same.</summary>
public abstract class MessageCodec
{
    private MessageCodec(string name) => Name = name;

    /// <summary>JSON by the rules of protobuf (protobuf.dev/programming-guides/json).</summary>
    public static MessageCodec Json { get; } = new JsonCodec();

    /// <summary>Protobuf's binary form.</summary>
    public static MessageCodec Protobuf { get; } = new ProtobufCodec();

    /// <summary>Both.</summary>
    public static IReadOnlyList<MessageCodec> All { get; } = [Json, Protobuf];

    /// <summary>Its name within media types, such as <c>json</c> in <c>application/connect+json</c>.</summary>
    public string Name { get; }

    /// <summary>Reads one message.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.InvalidArgument"/>: it is not this message.</exception>
    public T Decode<T>(ReadOnlySpan<byte> message, JsonTypeInfo<T> type)
        where T : class
    {
        var json = new ArrayBufferWriter<byte>(message.Length + 64);
        try
        {
            ToCanonicalJson(message, EnvdSchema.Messages[typeof(T)], json);
            return JsonSerializer.Deserialize(json.WrittenSpan, type)!;
        }
        catch (JsonException exception)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, $"malformed message: {exception.Message}");
        }
    }

    /// <summary>Writes one message.</summary>
    public abstract void Encode<T>(T message, JsonTypeInfo<T> type, IBufferWriter<byte> output)
        where T : class;

    /// <summary>Writes one message that is the whole of <paramref name="output"/>.</summary>
    public virtual async Task EncodeAsync<T>(T message, JsonTypeInfo<T> type, PipeWriter output, CancellationToken cancellationToken)
        where T : class
    {
        // Not straight into the pipe: its spans may be too short for us, and empty for the framework's own writing of bytes.
        var buffer = new ArrayBufferWriter<byte>();
        Encode(message, type, buffer);
        await output.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    private protected abstract void ToCanonicalJson(ReadOnlySpan<byte> message, ProtobufMessage schema, IBufferWriter<byte> json);

    private sealed class JsonCodec() : MessageCodec("json")
    {
        public override void Encode<T>(T message, JsonTypeInfo<T> type, IBufferWriter<byte> output)
        {
            using var json = new Utf8JsonWriter(output);
            JsonSerializer.Serialize(json, message, type);
        }

        // Flushes on the way, so that a long list is never in memory as a whole.
        public override Task EncodeAsync<T>(T message, JsonTypeInfo<T> type, PipeWriter output, CancellationToken cancellationToken) =>
            JsonSerializer.SerializeAsync(output, message, type, cancellationToken);

        private protected override void ToCanonicalJson(ReadOnlySpan<byte> message, ProtobufMessage schema, IBufferWriter<byte> json) =>
            ProtobufJson.Normalize(message, schema, json);
    }

    private sealed class ProtobufCodec() : MessageCodec("proto")
    {
        public override void Encode<T>(T message, JsonTypeInfo<T> type, IBufferWriter<byte> output)
        {
            using var json = JsonSerializer.SerializeToDocument(message, type);
            ProtobufEncoder.Encode(json.RootElement, EnvdSchema.Messages[typeof(T)], output);
        }

        private protected override void ToCanonicalJson(ReadOnlySpan<byte> message, ProtobufMessage schema, IBufferWriter<byte> json) =>
            ProtobufDecoder.Decode(message, schema, json);
    }
}
