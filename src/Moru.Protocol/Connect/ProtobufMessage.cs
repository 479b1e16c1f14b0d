using System.Text;

namespace Moru.Protocol;

/// <summary>What a field of a protobuf message holds, and so how it is written on the wire.</summary>
internal enum ProtobufKind
{
    Text,
    Bytes,
    Bool,
    UInt32,
    SInt32,
    Int64,
    Enum,
    Timestamp,
    Message,
    Map,
}

/// <summary>Names and numbers of a protobuf enum.</summary>
internal sealed class ProtobufEnum(params (string Name, int Number)[] values)
{
    public (string Name, int Number)[] Values => values;

    public string? NameOrDefault(int number) => Array.Find(values, value => value.Number == number).Name;

    public int? NumberOrDefault(string? name) => Array.FindIndex(values, value => value.Name == name) is >= 0 and var index ? values[index].Number : null;
}

/// <summary>One field of a protobuf message. No message of ours repeats a number, so there is no packed form.</summary>
internal sealed record ProtobufField(int Number, string Name, ProtobufKind Kind)
{
    /// <summary>Type of the field, or of a map's entries.</summary>
    public ProtobufMessage? Message { get; init; }

    public ProtobufEnum? Enum { get; init; }

    public bool IsRepeated { get; init; }

    /// <summary>Whether being absent differs from holding the default.</summary>
    public bool HasPresence { get; init; }

    /// <summary>Members of the message of which at most one is set.</summary>
    public string? OneOf { get; init; }

    /// <summary>A text that cannot be absent: left out on the wire, it is empty.</summary>
    public bool IsPlainText => this is { Kind: ProtobufKind.Text, IsRepeated: false, HasPresence: false };

    public ProtobufWire Wire => Kind switch
    {
        ProtobufKind.Bool or ProtobufKind.UInt32 or ProtobufKind.SInt32 or ProtobufKind.Int64 or ProtobufKind.Enum => ProtobufWire.Varint,
        _ => ProtobufWire.Delimited,
    };

    public string JsonName { get; } = ToCamelCase(Name);

    public ProtobufField Optional() => this with { HasPresence = true };

    public ProtobufField Repeated() => this with { IsRepeated = true };

    private static string ToCamelCase(string name)
    {
        var text = new StringBuilder();
        for (var index = 0; index < name.Length; index++)
            text.Append(name[index] == '_' ? char.ToUpperInvariant(name[++index]) : name[index]);
        return text.ToString();
    }
}

/// <summary>A protobuf message: its fields, which carry its protobuf and its JSON form.</summary>
internal sealed class ProtobufMessage
{
    private readonly byte[][] names, jsonNames;

    public ProtobufMessage(string name, params ProtobufField[] fields)
    {
        Name = name;
        Fields = fields;
        names = Array.ConvertAll(fields, field => Encoding.UTF8.GetBytes(field.Name));
        jsonNames = Array.ConvertAll(fields, field => Encoding.UTF8.GetBytes(field.JsonName));
    }

    public string Name { get; }

    public ProtobufField[] Fields { get; }

    /// <summary>Makes the fields members of one oneof.</summary>
    public static ProtobufField[] OneOf(string name, params ProtobufField[] fields) =>
        Array.ConvertAll(fields, field => field with { OneOf = name, HasPresence = true });

    public ProtobufField? FieldOrDefault(int number) => Array.Find(Fields, field => field.Number == number);

    public ProtobufField? FieldOrDefault(string jsonName) => Array.Find(Fields, field => field.JsonName == jsonName);

    /// <summary>The index of the field whose JSON or protobuf name the reader stands on, or -1.</summary>
    public int IndexOf(ref System.Text.Json.Utf8JsonReader reader)
    {
        for (var index = 0; index < jsonNames.Length; index++)
        {
            if (reader.ValueTextEquals(jsonNames[index]) || reader.ValueTextEquals(names[index])) return index;
        }

        return -1;
    }

    /// <summary>The refusal of a value of one of its fields.</summary>
    public ConnectException Refuse(ProtobufField field, string problem) =>
        new(ConnectCode.InvalidArgument, $"malformed message: {Name}.{field.Name} {problem}");
}
