using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>Reads the part of a file that an address asks for: as text when it is some, otherwise as a blob.</summary>
internal static class FileContents
{
    /// <summary>Most bytes of a file that one answer carries.</summary>
    public const int MaxBytes = 4 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly FileExtensionContentTypeProvider MimeTypes = CreateMimeTypes();

    public static string MimeType(string path) => MimeTypes.TryGetContentType(path, out var type) ? type : "text/plain";

    /// <exception cref="McpProtocolException">More was asked for than one answer carries.</exception>
    public static async Task<ResourceContents> ReadAsync(ResourceAddress address, Stream stream, CancellationToken cancellationToken)
    {
        if (address.Length > MaxBytes) throw TooMuch(address);
        var limit = address.Length ?? MaxBytes + 1; // one more tells whether that is all
        var chunk = new byte[64 << 10];
        var skip = address.Offset;
        using var kept = new MemoryStream();
        while (kept.Length < limit)
        {
            var wanted = skip > 0 ? skip : limit - kept.Length;
            var read = await stream.ReadAsync(chunk.AsMemory(0, (int)Math.Min(wanted, chunk.Length)), cancellationToken);
            if (read == 0) break;
            if (skip > 0) skip -= read;
            else kept.Write(chunk.AsSpan(0, read));
        }

        return kept.Length > MaxBytes ? throw TooMuch(address) : Content(address, kept.ToArray());
    }

    private static ResourceContents Content(ResourceAddress address, ReadOnlyMemory<byte> bytes)
    {
        var type = MimeType(address.Path);
        try
        {
            if (!bytes.Span.Contains((byte)0)) return new TextResourceContents { Uri = address.Uri, MimeType = type, Text = StrictUtf8.GetString(bytes.Span) };
        }
        catch (DecoderFallbackException)
        {
            // Binary, whatever its name says.
        }

        return BlobResourceContents.FromBytes(bytes, address.Uri, type.StartsWith("text/", StringComparison.Ordinal) ? "application/octet-stream" : type);
    }

    private static McpProtocolException TooMuch(ResourceAddress address) =>
        new($"'{address.Path}' is larger than the {MaxBytes} bytes that one answer carries: read parts with ?offset=0&length={MaxBytes}.", McpErrorCode.InvalidParams);

    private static FileExtensionContentTypeProvider CreateMimeTypes()
    {
        var types = new FileExtensionContentTypeProvider();
        foreach (var (extension, type) in new[] { (".md", "text/markdown"), (".py", "text/x-python"), (".ts", "text/typescript"), (".yaml", "application/yaml"), (".yml", "application/yaml"), (".parquet", "application/vnd.apache.parquet") })
            types.Mappings[extension] = type;
        return types;
    }
}
