namespace Moru.Protocol;

/// <summary>How a field's value is laid out in protobuf's binary form.</summary>
internal enum ProtobufWire
{
    Varint = 0,
    Fixed64 = 1,
    Delimited = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// <summary>Walks over the fields of one message in protobuf's binary form (protobuf.dev/programming-guides/encoding), taking them apart but not into them.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> binary, ProtobufMessage message)
{
    private const int MaxNumber = (1 << 29) - 1, MaxVarintBits = 64;

    private ReadOnlySpan<byte> rest = binary;

    public int Number { get; private set; }

    public ProtobufWire Wire { get; private set; }

    public ulong Varint { get; private set; }

    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Goes to the next field.</summary>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="ConnectException">The bytes are no message.</exception>
    public bool Read()
    {
        if (rest.IsEmpty) return false;

        Number = 0;
        var key = TakeVarint();
        if (key >> 3 is 0 or > MaxNumber) throw Refuse("has a field whose number is out of range");
        (Number, Wire) = ((int)(key >> 3), (ProtobufWire)(key & 0b111));
        switch (Wire)
        {
            case ProtobufWire.Varint:
                Varint = TakeVarint();
                break;
            case ProtobufWire.Delimited:
                Bytes = Take(TakeVarint());
                break;
            case ProtobufWire.Fixed64:
                Take(sizeof(ulong));
                break;
            case ProtobufWire.Fixed32:
                Take(sizeof(uint));
                break;
            default:
                throw Refuse($"has wire type {(int)Wire} in {Where}; groups are not accepted");
        }

        if (message.FieldOrDefault(Number) is { } known && known.Wire != Wire)
            throw message.Refuse(known, $"has wire type {(int)Wire} instead of {(int)known.Wire}");
        return true;
    }

    private readonly string Where => message.FieldOrDefault(Number) is { } known ? $"field '{known.Name}'" : Number > 0 ? $"field {Number}" : "a field's key";

    private ulong TakeVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < MaxVarintBits; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7F) << shift;
            if (part <= (shift == MaxVarintBits - 1 ? 1 : 0x7F)) return value;
        }

        throw Refuse($"has a number of more than 64 bits in {Where}");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)rest.Length) throw Refuse($"ends inside {Where}");
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private readonly ConnectException Refuse(string problem) => new(ConnectCode.InvalidArgument, $"malformed message: {message.Name} {problem}");
}
