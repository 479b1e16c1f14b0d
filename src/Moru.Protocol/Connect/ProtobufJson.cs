using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Moru.Protocol;

/// <summary>
/// Brings the many forms that protobuf JSON allows (protobuf.dev/programming-guides/json) into the one that the records are mapped to, in one pass and
/// without decoding text: names in camel case, no null, numbers as numbers, enums as names, bytes in standard base64. A text that is not sent is empty.
/// </summary>
internal ref struct ProtobufJson
{
    private const NumberStyles AnyNumber = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
    private const long MaxExactDouble = 1L << 53;
    private const int MaxShown = 32;

    private readonly ReadOnlySpan<byte> json;
    private readonly Utf8JsonWriter writer;
    private Utf8JsonReader reader;

    private ProtobufJson(ReadOnlySpan<byte> json, Utf8JsonWriter writer)
    {
        this.json = json;
        this.writer = writer;
        reader = new Utf8JsonReader(json);
    }

    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="ConnectException">It is not this message.</exception>
    public static void Normalize(ReadOnlySpan<byte> json, ProtobufMessage message, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        var pass = new ProtobufJson(json, writer);
        try
        {
            pass.reader.Read();
            if (pass.reader.TokenType != JsonTokenType.StartObject)
                throw new ConnectException(ConnectCode.InvalidArgument, $"malformed message: {message.Name} must be a JSON object");
            pass.Members(message);
            pass.reader.Read();
        }
        catch (InvalidOperationException)
        {
            // The reader's word for it, at every comparison and copy of an escaped text.
            throw new ConnectException(ConnectCode.InvalidArgument, $"malformed message: {message.Name} holds text that is not Unicode");
        }
    }

    private void Members(ProtobufMessage message)
    {
        writer.WriteStartObject();
        var seen = 0u;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = message.IndexOf(ref reader);
            reader.Read();
            if (index < 0 || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }

            Claim(message, index, ref seen);
            writer.WritePropertyName(message.Fields[index].JsonName);
            Field(message, message.Fields[index]);
        }

        for (var index = 0; index < message.Fields.Length; index++)
        {
            if ((seen & (1u << index)) == 0 && message.Fields[index].IsPlainText)
                writer.WriteString(message.Fields[index].JsonName, ""u8);
        }

        writer.WriteEndObject();
    }

    private static void Claim(ProtobufMessage message, int index, ref uint seen)
    {
        var field = message.Fields[index];
        for (var other = 0; other < message.Fields.Length; other++)
        {
            if ((seen & (1u << other)) == 0) continue;
            if (other == index) throw message.Refuse(field, "is given twice");
            if (field.OneOf is not null && message.Fields[other].OneOf == field.OneOf)
                throw message.Refuse(field, $"cannot be set together with '{message.Fields[other].Name}'");
        }

        seen |= 1u << index;
    }

    private void Field(ProtobufMessage message, ProtobufField field)
    {
        if (!field.IsRepeated)
        {
            Value(message, field);
            return;
        }

        Expect(message, field, JsonTokenType.StartArray, "must be an array");
        writer.WriteStartArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Value(message, field);
        writer.WriteEndArray();
    }

    private void Value(ProtobufMessage message, ProtobufField field)
    {
        switch (field.Kind)
        {
            case ProtobufKind.Message:
                Expect(message, field, JsonTokenType.StartObject, "must be an object");
                Members(field.Message!);
                break;
            case ProtobufKind.Map:
                Map(message, field);
                break;
            case ProtobufKind.Text or ProtobufKind.Timestamp:
                Expect(message, field, JsonTokenType.String, "must be text");
                Copy((int)reader.TokenStartIndex);
                break;
            case ProtobufKind.Bytes:
                Expect(message, field, JsonTokenType.String, "must be base64 text");
                Base64(message, field);
                break;
            case ProtobufKind.Bool:
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False)) throw message.Refuse(field, "must be true or false");
                writer.WriteBooleanValue(reader.GetBoolean());
                break;
            case ProtobufKind.Enum:
                Enum(message, field);
                break;
            case ProtobufKind.UInt32:
                writer.WriteNumberValue(Integer(message, field, uint.MinValue, uint.MaxValue));
                break;
            case ProtobufKind.SInt32:
                writer.WriteNumberValue(Integer(message, field, int.MinValue, int.MaxValue));
                break;
            case ProtobufKind.Int64:
                writer.WriteStringValue(Integer(message, field, long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture));
                break;
        }
    }

    private void Map(ProtobufMessage message, ProtobufField field)
    {
        Expect(message, field, JsonTokenType.StartObject, "must be an object");
        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Read();
            Expect(message, field, JsonTokenType.String, "must have text values only");
        }

        Copy(start);
    }

    private void Enum(ProtobufMessage message, ProtobufField field)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            foreach (var (name, _) in field.Enum!.Values)
            {
                if (!reader.ValueTextEquals(name)) continue;
                writer.WriteStringValue(name);
                return;
            }

            throw message.Refuse(field, $"must be one of {string.Join(", ", field.Enum.Values.Select(value => value.Name))}");
        }

        // Enums are open: a number that nobody named yet is for the handler to refuse.
        var number = (int)Integer(message, field, int.MinValue, int.MaxValue);
        if (field.Enum!.NameOrDefault(number) is { } known) writer.WriteStringValue(known);
        else writer.WriteNumberValue(number);
    }

    private readonly long Integer(ProtobufMessage message, ProtobufField field, long min, long max)
    {
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String && TryParse(reader.ValueSpan, out var value) && value >= min && value <= max)
            return value;
        var shown = reader is { TokenType: JsonTokenType.Number, ValueSpan.Length: <= MaxShown } ? $", not {Encoding.UTF8.GetString(reader.ValueSpan)}" : "";
        throw message.Refuse(field, $"must be a whole number from {min} to {max}{shown}");
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)) return true;
        if (!double.TryParse(text, AnyNumber, CultureInfo.InvariantCulture, out var real) || !double.IsInteger(real) || Math.Abs(real) > MaxExactDouble) return false;
        value = (long)real;
        return true;
    }

    private readonly void Base64(ProtobufMessage message, ProtobufField field)
    {
        if (!reader.ValueIsEscaped && System.Buffers.Text.Base64.IsValid(reader.ValueSpan))
        {
            Copy((int)reader.TokenStartIndex);
            return;
        }

        const int MaxPadding = 2;
        var text = new byte[reader.ValueSpan.Length + 3];
        var given = text.AsSpan(0, reader.CopyString(text));
        var digits = given.TrimEnd((byte)'=');
        digits.Replace((byte)'-', (byte)'+');
        digits.Replace((byte)'_', (byte)'/');
        var padded = text.AsSpan(0, (digits.Length + 3) & ~3);
        padded[digits.Length..].Fill((byte)'=');
        if (given.Length > digits.Length + MaxPadding || !System.Buffers.Text.Base64.IsValid(padded)) throw message.Refuse(field, "must be base64 text");
        writer.WriteStringValue(padded);
    }

    private readonly void Copy(int start) =>
        writer.WriteRawValue(json[start..(int)reader.BytesConsumed], skipInputValidation: true);

    private readonly void Expect(ProtobufMessage message, ProtobufField field, JsonTokenType type, string problem)
    {
        if (reader.TokenType != type) throw message.Refuse(field, problem);
    }
}
