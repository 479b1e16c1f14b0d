using System.Globalization;

namespace Moru.Envd;

/// <summary>A part of a file (RFC 9110, section 14).</summary>
internal readonly record struct ByteRange(long Start, long Length)
{
    private const string Unit = "bytes=";

    /// <summary>Reads a <c>Range</c> header.</summary>
    /// <returns>
    /// Null: the whole file is to be sent. Empty: the header makes no sense or asks only for what is not there.
    /// Parts that are not there are left out of others, and who asks for more than the whole file gets the whole file.
    /// </returns>
    public static IReadOnlyList<ByteRange>? Parse(string header, long size)
    {
        // An unknown unit must be ignored. Clients that send a range with every request should get their empty files.
        if (!header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase) || size == 0) return null;

        var ranges = new List<ByteRange>();
        foreach (var text in header[Unit.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParse(text, size, out var range)) return [];
            if (range.Length > 0) ranges.Add(range);
        }

        return ranges.Sum(range => (decimal)range.Length) > size ? null : ranges;
    }

    /// <summary>The value of <c>Content-Range</c>.</summary>
    public string In(long size) => string.Create(CultureInfo.InvariantCulture, $"bytes {Start}-{Start + Length - 1}/{size}");

    // The length is 0 when the range lies behind the end.
    private static bool TryParse(ReadOnlySpan<char> text, long size, out ByteRange range)
    {
        range = default;
        var dash = text.IndexOf('-');
        if (dash < 0) return false;
        var first = text[..dash].TrimEnd();
        var last = text[(dash + 1)..].TrimStart();
        if (first.IsEmpty)
        {
            if (!TryNumber(last, out var suffix)) return false;
            var length = Math.Min(suffix, size);
            range = new ByteRange(size - length, length);
            return true;
        }

        if (!TryNumber(first, out var start)) return false;
        var end = long.MaxValue;
        if (!last.IsEmpty && (!TryNumber(last, out end) || end < start)) return false;
        if (start < size) range = new ByteRange(start, Math.Min(end, size - 1) - start + 1);
        return true;
    }

    // A number of any length is a number; one beyond every file means the end of this one.
    private static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        number = long.MaxValue;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9')) return false;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)) number = long.MaxValue;
        return true;
    }
}
