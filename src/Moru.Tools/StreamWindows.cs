using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>Parts of one output stream: from <paramref name="Start"/> on, and the end, which follows the first part or begins later.</summary>
internal readonly record struct StreamWindows(long Start, byte[] First, byte[] Last, long Size)
{
    /// <summary>How much there is to show.</summary>
    public long Available(bool page) => page ? First.Length : Size;

    /// <summary>The beginning of what was read, up to the end of a line when there is more.</summary>
    public StreamText Page(int limit)
    {
        var kept = First.Length <= limit ? First.AsSpan() : CutTail(First.AsSpan(0, limit));
        return new StreamText(CleanText.OfOutput(Encoding.UTF8.GetString(kept)), 0, Start + kept.Length, Start + kept.Length);
    }

    /// <summary>The beginning and the end, cut at line ends where they are near.</summary>
    public StreamText Ends(int limit)
    {
        if (Size <= limit) return new StreamText(CleanText.OfOutput(Encoding.UTF8.GetString(First) + Encoding.UTF8.GetString(Last)), 0, Size, Size);

        ReadOnlySpan<byte> all = Last.Length == 0 ? First : Size == First.Length + Last.Length ? [.. First, .. Last] : Last;
        var head = CutTail(First.AsSpan(0, Math.Min(First.Length, limit * 2 / 5)));
        var tail = CutHead(all[^Math.Min(all.Length, limit - head.Length)..]);
        var cut = Size - head.Length - tail.Length;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{CleanText.OfOutput(Encoding.UTF8.GetString(head)).TrimEnd('\n')}\n[... {cut:N0} of {Size:N0} bytes cut ...]\n{CleanText.OfOutput(Encoding.UTF8.GetString(tail))}");
        return new StreamText(text, cut, head.Length, Size);
    }

    private static ReadOnlySpan<byte> CutTail(ReadOnlySpan<byte> text)
    {
        if (text.LastIndexOf((byte)'\n') is var end && end >= text.Length / 2) return text[..(end + 1)];
        var whole = text.Length;
        while (whole > 0 && text.Length - whole < 4 && IsContinuation(text[whole - 1])) whole--;
        return whole > 0 && text[whole - 1] >= 0xC0 ? text[..(whole - 1)] : text;
    }

    private static ReadOnlySpan<byte> CutHead(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)'\n') is >= 0 and var start && start <= text.Length / 2) return text[(start + 1)..];
        var skipped = 0;
        while (skipped < 3 && skipped < text.Length && IsContinuation(text[skipped])) skipped++;
        return text[skipped..];
    }

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;
}

/// <summary>What is shown of a stream.</summary>
/// <param name="Text">Clean, with a line that says where something was cut.</param>
/// <param name="Cut">Bytes left out of the middle.</param>
/// <param name="HeadEnd">Where the cut begins: the place to read on from.</param>
/// <param name="End">Where to go on when nothing is of interest but what comes next.</param>
internal readonly record struct StreamText(string Text, long Cut, long HeadEnd, long End);
