using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Moru.Tools;

/// <summary>Some lines of a text that comes as a stream, within a number of bytes as it is shown. Memory does not depend on the size of the text.</summary>
internal sealed class TextWindow(int firstLine, int maxLines, int maxBytes)
{
    // Beyond the window the text is read on only to know how long it is.
    private const long MaxScanBytes = 16 << 20;

    private readonly StringBuilder kept = new();
    private int cost;
    private int keptOfWholeLines;
    private int line = 1;
    private bool lineOpen;
    private bool full;

    /// <summary>The text of the window, line ends included.</summary>
    public string Content => kept.ToString();

    /// <summary>Last line in the window; less than the first when it is empty.</summary>
    public int LastLine { get; private set; } = firstLine - 1;

    /// <summary>Whether the only line in the window was too long and has lost its end.</summary>
    public bool LineCut { get; private set; }

    /// <summary>Lines of the whole text; null when that was not found out.</summary>
    public int? TotalLines { get; private set; }

    /// <summary>Bytes read so far: the size of the text when <see cref="AtEnd"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the text was read to its end.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>The first bytes, which tell what kind of file it is.</summary>
    public byte[] Magic { get; private set; } = [];

    /// <summary>Offset of the first byte that is no text: NUL or not UTF-8; null when there is none in what was read.</summary>
    public long? BadByteAt { get; private set; }

    public async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var bytes = new byte[64 << 10];
        var chars = new char[bytes.Length];
        var pending = 0; // bytes of a character that continues in the next chunk
        while (!Done)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(pending), cancellationToken);
            AtEnd = read == 0;
            var chunk = bytes.AsSpan(0, pending + read);
            var start = Bytes - pending;
            Bytes += read;
            if (Magic.Length < 12) Magic = [.. Magic, .. chunk[Math.Min(pending, chunk.Length)..].Slice(0, Math.Min(12 - Magic.Length, read))];
            if (BadByteAt is null)
            {
                var zero = chunk.IndexOf((byte)0);
                var status = Utf8.ToUtf16(zero < 0 ? chunk : chunk[..zero], chars, out var used, out var written, replaceInvalidSequences: false, isFinalBlock: AtEnd || zero >= 0);
                if (status == OperationStatus.InvalidData) BadByteAt = start + used;
                else if (zero >= 0) BadByteAt = start + zero;
                Take(chars.AsSpan(0, written));
                pending = BadByteAt is null ? chunk.Length - used : 0;
                chunk[used..(used + pending)].CopyTo(bytes);
            }

            if (AtEnd) break;
        }

        if (AtEnd) TotalLines = lineOpen ? line : line - 1;
    }

    private bool Done => Bytes > MaxScanBytes && (full || BadByteAt is not null);

    private void Take(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var end = text.IndexOf('\n');
            var part = end < 0 ? text : text[..(end + 1)];
            if (line >= firstLine && !full) Keep(part);
            lineOpen = end < 0;
            if (end >= 0)
            {
                if (!full && line >= firstLine) (LastLine, keptOfWholeLines) = (line, kept.Length);
                line++;
                full |= line - firstLine >= maxLines;
            }

            text = text[part.Length..];
        }
    }

    private void Keep(ReadOnlySpan<char> part)
    {
        var fitting = 0;
        while (fitting < part.Length)
        {
            cost += CleanText.Cost(part, fitting, out var length);
            if (cost > maxBytes) break;
            fitting += length;
        }

        if (fitting == part.Length)
        {
            kept.Append(part);
            LastLine = line;
            return;
        }

        full = true;
        if (keptOfWholeLines > 0)
        {
            kept.Length = keptOfWholeLines;
            LastLine = line - 1;
            return;
        }

        kept.Append(part[..fitting]);
        (LastLine, LineCut) = (line, true);
    }
}
