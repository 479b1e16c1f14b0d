using System.Globalization;
using System.Text;

namespace Moru.Runtime;

/// <summary>What a client sends, of which some is looked at before it goes on.</summary>
internal sealed class IncomingBytes(Stream source)
{
    private readonly byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;

    /// <summary>What came and was not taken yet.</summary>
    public ReadOnlyMemory<byte> Ready => buffer.AsMemory(start..end);

    /// <returns>False at the end, and when nothing more fits.</returns>
    public async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length) return false;
        var read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        return read > 0;
    }

    public void Take(int count) => start += count;

    /// <summary>Sends on all that comes, until the end.</summary>
    public async Task CopyToAsync(Stream target, CancellationToken cancellationToken)
    {
        do
        {
            if (Ready.Length > 0) await target.WriteAsync(Ready, cancellationToken);
            (start, end) = (0, 0);
        }
        while (await ReadMoreAsync(cancellationToken));
    }

    /// <summary>Sends on exactly so many bytes.</summary>
    /// <returns>False when fewer come.</returns>
    public async ValueTask<bool> CopyToAsync(Stream target, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (start == end && !await ReadMoreAsync(cancellationToken)) return false;
            var part = (int)Math.Min(count, end - start);
            await target.WriteAsync(buffer.AsMemory(start, part), cancellationToken);
            start += part;
            count -= part;
        }

        return true;
    }

    /// <summary>Sends on a body in chunks (RFC 9112, section 7.1), without extensions and trailers.</summary>
    /// <returns>False when it is not well formed.</returns>
    public async ValueTask<bool> CopyChunksToAsync(Stream target, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadLineAsync(cancellationToken) is not { } line) return false;
            var digits = line.Split(';')[0];
            if (digits.Length is 0 or > 15 || !long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size)) return false;
            await target.WriteAsync(Encoding.Latin1.GetBytes(digits + "\r\n"), cancellationToken);
            if (size == 0) break;
            if (!await CopyToAsync(target, size, cancellationToken) || await ReadLineAsync(cancellationToken) is not "") return false;
            await target.WriteAsync("\r\n"u8.ToArray(), cancellationToken);
        }

        while (await ReadLineAsync(cancellationToken) is { } trailer)
        {
            if (trailer.Length > 0) continue;
            await target.WriteAsync("\r\n"u8.ToArray(), cancellationToken);
            return true;
        }

        return false;
    }

    /// <returns>A line without its end, which must be CR LF; null when none comes.</returns>
    private async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        int length;
        while ((length = Ready.Span.IndexOf("\r\n"u8)) < 0)
            if (Ready.Length > 1024 || !await ReadMoreAsync(cancellationToken)) return null;
        var line = Encoding.Latin1.GetString(Ready.Span[..length]);
        Take(length + 2);
        return line.AsSpan().ContainsAny('\r', '\n', '\0') ? null : line;
    }
}
