using System.Globalization;
using System.Text;

namespace Moru.Tools;

/// <summary>
/// Parts of one output stream: from <paramref name="Start"/> on, and the end, which follows the first part or begins later. While more is
/// written, a character at the end may be there in part; the rest of it comes with what follows the cursor.
/// </summary>
internal readonly record struct StreamWindows(long Start, byte[] First, byte[] Last, long Size, bool Growing = false)
{
    // For the line that says what was cut.
    private const int Slack = 100;
    private const int MinRoom = 16;

    /// <summary>How much there is to show.</summary>
    public long Available(bool page) => page ? First.Length : Size;

    /// <summary>The beginning of what was read, up to the end of a line when there is more; less of it when it is shown as escapes.</summary>
    public StreamText Page(int limit) => Fit(limit, PageOf);

    /// <summary>The beginning and the end, cut at line ends where they are near; less of them when they are shown as escapes.</summary>
    public StreamText Ends(int limit) => Fit(limit, EndsOf);

    private static StreamText Fit(int limit, Func<int, StreamText> show)
    {
        var room = limit;
        while (true)
        {
            var shown = show(room);
            var size = Encoding.UTF8.GetByteCount(shown.Text);
            if (size <= limit + Slack || room <= MinRoom) return shown;
            room = Math.Max(MinRoom, (int)((long)room * limit / size));
        }
    }

    private StreamText PageOf(int limit)
    {
        ReadOnlySpan<byte> kept = First.AsSpan(0, Math.Min(First.Length, limit));
        if (Start + kept.Length < Size) kept = CutTail(kept);
        else if (Growing) kept = Whole(kept);
        return new StreamText(CleanText.OfOutput(Encoding.UTF8.GetString(kept)), 0, Start + kept.Length, Start + kept.Length);
    }

    private StreamText EndsOf(int limit)
    {
        ReadOnlySpan<byte> first = First.AsSpan(0, (int)Math.Min(First.Length, Size)); // the rest was written while the size was being told
        if (Size <= limit)
        {
            ReadOnlySpan<byte> whole = Growing ? Whole([.. first, .. Last]) : [.. first, .. Last];
            return new StreamText(CleanText.OfOutput(Encoding.UTF8.GetString(whole)), 0, whole.Length, whole.Length);
        }

        ReadOnlySpan<byte> all = Last.Length == 0 ? first : Size == first.Length + Last.Length ? [.. first, .. Last] : Last;
        var head = CutTail(first[..Math.Min(first.Length, limit * 2 / 5)]);
        var tail = CutHead(all[^Math.Min(all.Length, limit - head.Length)..]);
        var end = Growing ? Size - tail.Length + Whole(tail).Length : Size;
        tail = tail[..^(int)(Size - end)];
        var cut = end - head.Length - tail.Length;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{CleanText.OfOutput(Encoding.UTF8.GetString(head)).TrimEnd('\n')}\n[... {cut:N0} of {end:N0} bytes cut ...]\n{CleanText.OfOutput(Encoding.UTF8.GetString(tail))}");
        return new StreamText(text, cut, head.Length, end);
    }

    private static ReadOnlySpan<byte> CutTail(ReadOnlySpan<byte> text)
    {
        if (text.LastIndexOf((byte)'\n') is var end && end >= text.Length / 2) return text[..(end + 1)];
        return Whole(text);
    }

    /// <summary>Without the part of a character at the end.</summary>
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(3, text.Length); back++)
        {
            var lead = text[^back];
            if (IsContinuation(lead)) continue;
            var length = lead switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 };
            return length > back ? text[..^back] : text;
        }

        return text;
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
