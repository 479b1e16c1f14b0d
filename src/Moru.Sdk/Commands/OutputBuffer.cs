using System.Globalization;
using System.Text;

namespace Moru;

/// <summary>Text of one output stream: decodes UTF-8 across chunks and keeps, of a long text, the beginning and the end.</summary>
internal sealed class OutputBuffer(int limit)
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder head = new();
    private readonly int headLimit = Math.Max(1, limit / 2);
    private readonly int tailLimit = Math.Max(1, limit - limit / 2);
    private char[] tail = [];
    private int tailStart;
    private int tailLength;

    /// <summary>Characters cut from the middle so far.</summary>
    public long Dropped { get; private set; }

    /// <summary>Takes in bytes and returns the text that is complete now.</summary>
    public string Append(ReadOnlySpan<byte> bytes, bool flush = false)
    {
        var chars = new char[decoder.GetCharCount(bytes, flush)];
        decoder.GetChars(bytes, chars, flush);
        Keep(chars);
        return new string(chars);
    }

    public override string ToString()
    {
        var end = new char[tailLength];
        var first = Math.Min(tailLength, tail.Length - tailStart);
        tail.AsSpan(tailStart, first).CopyTo(end);
        tail.AsSpan(0, tailLength - first).CopyTo(end.AsSpan(first));
        var cut = Dropped == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\n[... {Dropped} characters cut ...]\n");
        return string.Concat(head.ToString(), cut, new string(end));
    }

    private void Keep(ReadOnlySpan<char> text)
    {
        var room = Math.Min(headLimit - head.Length, text.Length);
        head.Append(text[..room]);
        text = text[room..];

        if (text.Length > tailLimit)
        {
            Dropped += tailLength + text.Length - tailLimit;
            text = text[^tailLimit..];
            tailStart = tailLength = 0;
        }

        Grow(tailLength + text.Length);
        var overflow = Math.Max(0, tailLength + text.Length - tailLimit);
        Dropped += overflow;
        if (tail.Length > 0) tailStart = (tailStart + overflow) % tail.Length;
        tailLength -= overflow;

        if (text.IsEmpty) return;
        var end = (tailStart + tailLength) % tail.Length;
        var first = Math.Min(text.Length, tail.Length - end);
        text[..first].CopyTo(tail.AsSpan(end));
        text[first..].CopyTo(tail);
        tailLength += text.Length;
    }

    /// <summary>A short output never pays for a long limit: the ring doubles until it is as large as it may get.</summary>
    private void Grow(int wanted)
    {
        if (wanted <= tail.Length || tail.Length == tailLimit) return;
        var larger = new char[(int)Math.Min(tailLimit, Math.Max(wanted, tail.Length * 2L))];
        var first = Math.Min(tailLength, tail.Length - tailStart);
        tail.AsSpan(tailStart, first).CopyTo(larger);
        tail.AsSpan(0, tailLength - first).CopyTo(larger.AsSpan(first));
        (tail, tailStart) = (larger, 0);
    }
}
