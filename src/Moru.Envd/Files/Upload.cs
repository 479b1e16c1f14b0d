using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Receives one multipart upload and writes its parts named <c>file</c> to disk as they come.</summary>
internal sealed class Upload(User user, string? path, string? defaultDirectory)
{
    private const int BlockSize = 256 << 10;
    private const int MaxFiles = 10_000;

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly List<WrittenFile> _written = [];
    private readonly HashSet<string> _targets = [];

    public async Task<IReadOnlyList<WrittenFile>> ReceiveAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 } boundary)
            throw Invalid("a multipart/form-data body with a part named 'file' is needed"); // upstream's 500 would tell clients that the sandbox is broken

        try
        {
            var parts = new MultipartReader(boundary.ToString(), request.Body, BlockSize);
            while (await parts.ReadNextSectionAsync(cancellationToken) is { } part) await ReceiveAsync(part, cancellationToken);
            return _written.Count > 0 ? _written : throw Invalid("the upload has no part named 'file'");
        }
        catch (Exception exception) when (exception is ConnectException or IOException or InvalidDataException && !cancellationToken.IsCancellationRequested)
        {
            await DrainAsync(request.Body, cancellationToken);
            if (exception is ConnectException) throw;
            throw Invalid($"malformed multipart body: {exception.Message}");
        }
    }

    private async Task ReceiveAsync(MultipartSection part, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) || HeaderUtilities.RemoveQuotes(disposition.Name) != "file") return;

        var target = SandboxPath.Resolve(path ?? NameOf(disposition), user, defaultDirectory);
        if (!_targets.Add(target)) throw Invalid($"two parts go to the same path '{target}'");
        if (_targets.Count > MaxFiles) throw Invalid($"more than {MaxFiles} files in one upload; send the rest in another");

        RegularFile.MakeParents(target, user);
        using var file = RegularFile.Create(target, user);
        await CopyAsync(part.Body, file, cancellationToken);
        _written.Add(new WrittenFile(Path.GetFileName(target), target, "file"));
    }

    private static string NameOf(ContentDispositionHeaderValue disposition)
    {
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar.ToString() : Unquoted(HeaderUtilities.RemoveQuotes(disposition.FileName).ToString());
        return name.Length > 0 ? name : throw Invalid("the upload names no path: give it in the query or as the part's file name");
    }

    // Clients escape in two ways: with a percent sign what would break the header (html.spec.whatwg.org, "multipart form data"),
    // or with a backslash a quote or another backslash. Every other backslash is itself.
    private static string Unquoted(string name) => name
        .Replace("\\\\", "\\", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal)
        .Replace("%22", "\"", StringComparison.Ordinal).Replace("%0A", "\n", StringComparison.Ordinal).Replace("%0D", "\r", StringComparison.Ordinal);

    // A small file is one write, so that its watchers see one.
    private static async Task CopyAsync(Stream source, ReplacedFile file, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (await source.ReadAtLeastAsync(block.AsMemory(0, BlockSize), BlockSize, throwOnEndOfStream: false, cancellationToken) is > 0 and var count)
                file.Append(block.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
            file.Cut();
        }
    }

    // A client still sends; it reads our answer only after that, and would see a broken connection instead.
    private static async Task DrainAsync(Stream body, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var block = new byte[BlockSize];
        try
        {
            while (Stopwatch.GetElapsedTime(started) < DrainLimit && await body.ReadAsync(block, cancellationToken) > 0)
            {
            }
        }
        catch (IOException)
        {
            // The body itself is what is broken.
        }
    }

    private static ConnectException Invalid(string message) => new(ConnectCode.InvalidArgument, message);
}
