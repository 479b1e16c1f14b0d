using System.Text;

namespace Moru.Envd;

/// <summary>
/// The name of a file as the kernel has it: bytes, which need not be text. Clients see U+FFFD where bytes are no UTF-8, and no path
/// of theirs reaches such an entry; it is listed, and copied and removed with the directory it is in.
/// </summary>
internal readonly struct EntryName : IComparable<EntryName>
{
    private readonly byte[] _terminated;

    private EntryName(byte[] terminated) => _terminated = terminated;

    /// <summary>The bytes and the NUL after them.</summary>
    public ReadOnlySpan<byte> Terminated => _terminated;

    private ReadOnlySpan<byte> Bytes => _terminated.AsSpan(0, _terminated.Length - 1);

    public static EntryName Of(string text)
    {
        var terminated = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, terminated);
        return new EntryName(terminated);
    }

    public static EntryName Of(ReadOnlySpan<byte> bytes)
    {
        var terminated = new byte[bytes.Length + 1];
        bytes.CopyTo(terminated);
        return new EntryName(terminated);
    }

    public int CompareTo(EntryName other) => Bytes.SequenceCompareTo(other.Bytes);

    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
