using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Moru.Protocol;

/// <summary>Turns the JSON that the records are mapped to into protobuf's binary form. Defaults are left out where being absent means the same.</summary>
internal static class ProtobufEncoder
{
    public static void Encode(JsonElement json, ProtobufMessage message, IBufferWriter<byte> output)
    {
        foreach (var member in json.EnumerateObject())
        {
            var field = message.FieldOrDefault(member.Name) ?? throw new InvalidOperationException($"{message.Name} has no field for '{member.Name}'");
            if (field.IsRepeated)
            {
                foreach (var item in member.Value.EnumerateArray()) Field(item, field, output);
            }
            else if (field.Kind == ProtobufKind.Map)
            {
                foreach (var entry in member.Value.EnumerateObject()) Entry(entry, field, output);
            }
            else if (field.HasPresence || !IsDefault(member.Value, field))
            {
                Field(member.Value, field, output);
            }
        }
    }

    private static bool IsDefault(JsonElement value, ProtobufField field) => field.Kind switch
    {
        ProtobufKind.Text or ProtobufKind.Bytes => value.ValueEquals(""),
        _ => Number(value, field) == 0,
    };

    private static void Field(JsonElement value, ProtobufField field, IBufferWriter<byte> output)
    {
        if (field.Wire == ProtobufWire.Varint) Varint(field, Number(value, field), output);
        else Delimited(field, Bytes(value, field), output);
    }

    private static void Entry(JsonProperty entry, ProtobufField field, IBufferWriter<byte> output)
    {
        var content = new ArrayBufferWriter<byte>();
        Delimited(field.Message!.Fields[0], Encoding.UTF8.GetBytes(entry.Name), content);
        Delimited(field.Message.Fields[1], Encoding.UTF8.GetBytes(entry.Value.GetString()!), content);
        Delimited(field, content.WrittenSpan, output);
    }

    private static ReadOnlySpan<byte> Bytes(JsonElement value, ProtobufField field)
    {
        switch (field.Kind)
        {
            case ProtobufKind.Text:
                return Encoding.UTF8.GetBytes(value.GetString()!);
            case ProtobufKind.Bytes:
                return value.GetBytesFromBase64();
            default:
                var content = new ArrayBufferWriter<byte>();
                if (field.Kind == ProtobufKind.Timestamp) ProtobufTimestamp.Encode(value.GetDateTimeOffset(), content);
                else Encode(value, field.Message!, content);
                return content.WrittenSpan;
        }
    }

    private static ulong Number(JsonElement value, ProtobufField field) => field.Kind switch
    {
        ProtobufKind.Bool => value.GetBoolean() ? 1u : 0u,
        ProtobufKind.UInt32 => value.GetUInt32(),
        ProtobufKind.SInt32 => ZigZag(value.GetInt32()),
        ProtobufKind.Int64 => (ulong)long.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture),
        _ => (ulong)(value.ValueKind == JsonValueKind.String ? field.Enum!.NumberOrDefault(value.GetString()) ?? 0 : value.GetInt32()),
    };

    private static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    public static void Varint(ProtobufField field, ulong value, IBufferWriter<byte> output)
    {
        Key(field, output);
        Varint(value, output);
    }

    private static void Delimited(ProtobufField field, ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        Key(field, output);
        Varint((ulong)bytes.Length, output);
        output.Write(bytes);
    }

    private static void Key(ProtobufField field, IBufferWriter<byte> output) => Varint(((ulong)field.Number << 3) | (ulong)field.Wire, output);

    private static void Varint(ulong value, IBufferWriter<byte> output)
    {
        const int MaxLength = 10;
        var target = output.GetSpan(MaxLength);
        var length = 0;
        for (; value > 0x7F; value >>= 7) target[length++] = (byte)(value | 0x80);
        target[length++] = (byte)value;
        output.Advance(length);
    }
}
