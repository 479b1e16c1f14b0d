namespace Moru.Envd;

/// <summary>Says what a file is: by its name where that is known, else by its first bytes (mimesniff.spec.whatwg.org).</summary>
internal static class ContentType
{
    /// <summary>How many of a file's first bytes matter.</summary>
    public const int SniffLength = 512;

    private const string Text = "text/plain; charset=utf-8", Html = "text/html; charset=utf-8", Binary = "application/octet-stream";

    private static readonly (byte[] Start, string Type)[] Signatures =
    [
        ([0xFE, 0xFF], "text/plain; charset=utf-16be"), ([0xFF, 0xFE], "text/plain; charset=utf-16le"), ([0xEF, 0xBB, 0xBF], Text),
        ([.. "%PDF-"u8], "application/pdf"), ([.. "%!PS-Adobe-"u8], "application/postscript"),
        ([.. "GIF87a"u8], "image/gif"), ([.. "GIF89a"u8], "image/gif"), ([0x89, .. "PNG\r\n\x1A\n"u8], "image/png"), ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        ([.. "BM"u8], "image/bmp"), ([0, 0, 1, 0], "image/x-icon"), ([.. "OggS\0"u8], "application/ogg"), ([.. "ID3"u8], "audio/mpeg"),
        ([.. "fLaC"u8], "audio/flac"), ([0x1A, 0x45, 0xDF, 0xA3], "video/webm"), ([0x1F, 0x8B, 0x08], "application/x-gzip"),
        ([.. "PK\x03\x04"u8], "application/zip"), ([.. "Rar!\x1A\x07"u8], "application/x-rar-compressed"), ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
        ([0x28, 0xB5, 0x2F, 0xFD], "application/zstd"), ([0xFD, .. "7zXZ\0"u8], "application/x-xz"), ([.. "\0asm"u8], "application/wasm"),
        ([.. "wOFF"u8], "font/woff"), ([.. "wOF2"u8], "font/woff2"), ([.. "SQLite format 3\0"u8], "application/vnd.sqlite3"), ([.. "<?xml"u8], "text/xml; charset=utf-8"),
    ];

    /// <param name="path">The file's name.</param>
    /// <param name="start">Its first bytes, up to <see cref="SniffLength"/>.</param>
    public static string Of(string path, ReadOnlySpan<byte> start) => ByNameOrDefault(path) ?? Sniff(start);

    private static string? ByNameOrDefault(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".txt" or ".log" or ".ini" or ".conf" => Text,
        ".htm" or ".html" => Html,
        ".css" => "text/css; charset=utf-8",
        ".csv" => "text/csv; charset=utf-8",
        ".md" => "text/markdown; charset=utf-8",
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".xml" => "text/xml; charset=utf-8",
        ".json" or ".ipynb" => "application/json",
        ".yaml" or ".yml" => "application/yaml",
        ".pdf" => "application/pdf",
        ".wasm" => "application/wasm",
        ".zip" => "application/zip",
        ".gz" or ".tgz" => "application/gzip",
        ".tar" => "application/x-tar",
        ".docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ".xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ".avif" => "image/avif",
        ".gif" => "image/gif",
        ".ico" => "image/x-icon",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".png" => "image/png",
        ".svg" => "image/svg+xml",
        ".webp" => "image/webp",
        ".mp3" => "audio/mpeg",
        ".wav" => "audio/wav",
        ".mp4" => "video/mp4",
        ".webm" => "video/webm",
        ".woff" => "font/woff",
        ".woff2" => "font/woff2",
        _ => null,
    };

    private static string Sniff(ReadOnlySpan<byte> start)
    {
        foreach (var (signature, type) in Signatures)
        {
            if (start.StartsWith(signature)) return type;
        }

        if (start.Length >= 12 && start.StartsWith("RIFF"u8) && ByRiffOrDefault(start[8..12]) is { } riff) return riff;
        if (start.Length >= 12 && start[4..8].SequenceEqual("ftyp"u8)) return "video/mp4";
        if (IsHtml(start.TrimStart("\t\n\f\r "u8))) return Html;
        return start.ContainsAny(BinaryBytes) ? Binary : Text;
    }

    // No text contains these control characters.
    private static readonly System.Buffers.SearchValues<byte> BinaryBytes = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(value => (byte)value).Except([.. "\t\n\f\r\x1B"u8])]);

    private static string? ByRiffOrDefault(ReadOnlySpan<byte> form) =>
        form.SequenceEqual("WEBP"u8) ? "image/webp" : form.SequenceEqual("WAVE"u8) ? "audio/wave" : form.SequenceEqual("AVI "u8) ? "video/avi" : null;

    private static bool IsHtml(ReadOnlySpan<byte> start) =>
        System.Text.Ascii.EqualsIgnoreCase(start[..Math.Min(start.Length, 14)], "<!doctype html"u8)
        || (start.Length > 5 && start[5] is (byte)' ' or (byte)'>' && System.Text.Ascii.EqualsIgnoreCase(start[..5], "<html"u8));
}
