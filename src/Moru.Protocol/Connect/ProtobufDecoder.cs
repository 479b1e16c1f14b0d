using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Moru.Protocol;

/// <summary>
/// Turns a message in protobuf's binary form into the JSON that the records are mapped to: the last of several values wins, the parts of a message are put
/// together, fields without a name here are skipped, and a text that is not sent is empty.
/// </summary>
internal static class ProtobufDecoder
{
    private static readonly JsonWriterOptions Trusted = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="ConnectException">It is not this message.</exception>
    public static void Decode(ReadOnlySpan<byte> binary, ProtobufMessage message, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Trusted);
        Members(binary, message, json);
    }

    // One walk for each field keeps nothing but the input in memory, whatever a hostile sender makes of it.
    private static void Members(ReadOnlySpan<byte> binary, ProtobufMessage message, Utf8JsonWriter json)
    {
        var rest = new ProtobufReader(binary, message);
        while (rest.Read())
        {
            // To the end, since a message without fields must be one too.
        }

        json.WriteStartObject();
        foreach (var field in message.Fields)
        {
            if (field.IsRepeated || field.Kind == ProtobufKind.Map) Many(binary, message, field, json);
            else One(binary, message, field, json);
        }

        json.WriteEndObject();
    }

    private static void One(ReadOnlySpan<byte> binary, ProtobufMessage message, ProtobufField field, Utf8JsonWriter json)
    {
        var reader = new ProtobufReader(binary, message);
        var last = default(ProtobufReader);
        var isSet = false;
        ArrayBufferWriter<byte>? parts = null;
        while (reader.Read())
        {
            if (reader.Number == field.Number)
            {
                if (isSet && field.Message is not null)
                {
                    if (parts is null) (parts = new ArrayBufferWriter<byte>()).Write(last.Bytes);
                    parts.Write(reader.Bytes);
                }

                last = reader;
                isSet = true;
            }
            else if (isSet && field.OneOf is not null && message.FieldOrDefault(reader.Number)?.OneOf == field.OneOf)
            {
                (parts, isSet) = (null, false);
            }
        }

        if (!isSet && !field.IsPlainText) return;
        json.WritePropertyName(field.JsonName);
        Value(last.Varint, parts is null ? last.Bytes : parts.WrittenSpan, message, field, json);
    }

    private static void Many(ReadOnlySpan<byte> binary, ProtobufMessage message, ProtobufField field, Utf8JsonWriter json)
    {
        var isMap = field.Kind == ProtobufKind.Map;
        var any = false;
        var reader = new ProtobufReader(binary, message);
        while (reader.Read())
        {
            if (reader.Number != field.Number) continue;
            if (!any) Begin();
            any = true;
            if (isMap) Entry(reader.Bytes, field.Message!, json);
            else Value(reader.Varint, reader.Bytes, message, field, json);
        }

        if (any && isMap) json.WriteEndObject();
        else if (any) json.WriteEndArray();

        void Begin()
        {
            if (isMap) json.WriteStartObject(field.JsonName);
            else json.WriteStartArray(field.JsonName);
        }
    }

    private static void Entry(ReadOnlySpan<byte> binary, ProtobufMessage entry, Utf8JsonWriter json)
    {
        ReadOnlySpan<byte> key = default, value = default;
        var reader = new ProtobufReader(binary, entry);
        while (reader.Read())
        {
            if (reader.Number == entry.Fields[0].Number) key = Text(reader.Bytes, entry, entry.Fields[0]);
            if (reader.Number == entry.Fields[1].Number) value = Text(reader.Bytes, entry, entry.Fields[1]);
        }

        json.WriteString(key, value);
    }

    private static void Value(ulong number, ReadOnlySpan<byte> bytes, ProtobufMessage message, ProtobufField field, Utf8JsonWriter json)
    {
        switch (field.Kind)
        {
            case ProtobufKind.Message:
                Members(bytes, field.Message!, json);
                break;
            case ProtobufKind.Text:
                json.WriteStringValue(Text(bytes, message, field));
                break;
            case ProtobufKind.Bytes:
                json.WriteBase64StringValue(bytes);
                break;
            case ProtobufKind.Bool:
                json.WriteBooleanValue(number != 0);
                break;
            case ProtobufKind.UInt32:
                json.WriteNumberValue((uint)number);
                break;
            case ProtobufKind.SInt32:
                json.WriteNumberValue(ZigZag((uint)number));
                break;
            case ProtobufKind.Int64:
                json.WriteStringValue(((long)number).ToString(CultureInfo.InvariantCulture));
                break;
            case ProtobufKind.Timestamp:
                json.WriteStringValue(ProtobufTimestamp.Decode(bytes));
                break;
            case ProtobufKind.Enum when field.Enum!.NameOrDefault((int)number) is { } name:
                json.WriteStringValue(name);
                break;
            case ProtobufKind.Enum:
                json.WriteNumberValue((int)number);
                break;
        }
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes, ProtobufMessage message, ProtobufField field) =>
        Utf8.IsValid(bytes) ? bytes : throw message.Refuse(field, "is not valid UTF-8");

    private static int ZigZag(uint value) => (int)(value >> 1) ^ -(int)(value & 1);
}
