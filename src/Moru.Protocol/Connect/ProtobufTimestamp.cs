using System.Buffers;
using System.Globalization;

namespace Moru.Protocol;

/// <summary>A point in time: a message of seconds and nanoseconds in protobuf's binary form, RFC 3339 text in its JSON form. We keep 100 ns.</summary>
internal static class ProtobufTimestamp
{
    private const int Seconds = 1, Nanoseconds = 2;
    private const long MaxNanoseconds = 999_999_999;

    private static readonly ProtobufMessage Message = new(
        "google.protobuf.Timestamp",
        new ProtobufField(Seconds, "seconds", ProtobufKind.Int64), new ProtobufField(Nanoseconds, "nanos", ProtobufKind.Int64));

    /// <exception cref="ConnectException">It is no point in time, or outside the years 1 to 9999.</exception>
    public static string Decode(ReadOnlySpan<byte> binary)
    {
        long seconds = 0, nanoseconds = 0;
        var reader = new ProtobufReader(binary, Message);
        while (reader.Read())
        {
            if (reader.Number == Seconds) seconds = (long)reader.Varint;
            if (reader.Number == Nanoseconds) nanoseconds = (long)reader.Varint;
        }

        if (seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            throw Message.Refuse(Message.Fields[0], "is outside the years 1 to 9999");
        if (nanoseconds is < 0 or > MaxNanoseconds) throw Message.Refuse(Message.Fields[1], $"must be from 0 to {MaxNanoseconds}");
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick)
            .ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
    }

    public static void Encode(DateTimeOffset time, IBufferWriter<byte> output)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + TimeSpan.TicksPerSecond);
        ProtobufEncoder.Varint(Message.Fields[0], (ulong)seconds, output);
        ProtobufEncoder.Varint(Message.Fields[1], (ulong)(rest * TimeSpan.NanosecondsPerTick), output);
    }
}
