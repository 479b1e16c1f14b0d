using System.Text;

namespace Moru.Envd;

/// <summary>
/// Output on its way into the log, decoded only when somebody reads it. The bytes lie in blocks that are used again, so that a flood
/// makes no garbage. The log guards it.
/// </summary>
internal sealed class LogText(LogBlocks pool)
{
    // A character has four bytes at most.
    private const int LongestPart = 3;

    private readonly List<int> _blocks = [];
    private byte[]? _sealed;

    public int Length { get; private set; }

    /// <summary>Memory that it takes.</summary>
    public int Cost => _sealed?.Length ?? (_blocks.Count * LogBlocks.Size);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var at = Length % LogBlocks.Size;
            if (at == 0) _blocks.Add(pool.Take());
            var count = Math.Min(bytes.Length, LogBlocks.Size - at);
            bytes[..count].CopyTo(pool[_blocks[^1]][at..]);
            bytes = bytes[count..];
            Length += count;
        }
    }

    /// <summary>Takes off the bytes of a character whose rest is still to come.</summary>
    public byte[] CutUnfinished()
    {
        Span<byte> ending = stackalloc byte[Math.Min(Length, LongestPart)];
        for (var i = 0; i < ending.Length; i++)
        {
            var at = Length - ending.Length + i;
            ending[i] = pool[_blocks[at / LogBlocks.Size]][at % LogBlocks.Size];
        }

        var cut = ending[^Unfinished(ending)..].ToArray();
        Length -= cut.Length;
        if (_blocks.Count > (Length + LogBlocks.Size - 1) / LogBlocks.Size)
        {
            pool.Return(_blocks[^1]);
            _blocks.RemoveAt(_blocks.Count - 1);
        }

        return cut;
    }

    /// <summary>Nothing more comes: a short text gives its block back.</summary>
    public void Seal()
    {
        if (Length >= LogBlocks.Size) return;
        _sealed = Length == 0 ? [] : pool[_blocks[0]][..Length].ToArray();
        Release();
    }

    public void Release()
    {
        foreach (var block in _blocks) pool.Return(block);
        _blocks.Clear();
    }

    /// <summary>The text; what is no UTF-8 becomes U+FFFD.</summary>
    public override string ToString()
    {
        if (_sealed is not null) return Encoding.UTF8.GetString(_sealed);
        var whole = new byte[Length];
        for (var at = 0; at < Length; at += LogBlocks.Size)
            pool[_blocks[at / LogBlocks.Size]][..Math.Min(LogBlocks.Size, Length - at)].CopyTo(whole.AsSpan(at));
        return Encoding.UTF8.GetString(whole);
    }

    private static int Unfinished(ReadOnlySpan<byte> bytes)
    {
        for (var length = 1; length <= bytes.Length; length++)
        {
            var lead = bytes[^length];
            if ((lead & 0xC0) == 0x80) continue;
            var needed = lead switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return needed > length ? length : 0;
        }

        return 0;
    }
}
