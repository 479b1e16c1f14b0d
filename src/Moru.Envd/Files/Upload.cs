using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Receives one multipart upload and writes its parts named <c>file</c> to disk as they come.</summary>
internal sealed class Upload(User user, string? path, string? defaultDirectory)
{
    private const int BlockSize = 64 << 10;

    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly List<WrittenFile> _written = [];

    public async Task<IReadOnlyList<WrittenFile>> ReceiveAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 } boundary)
            throw Invalid("a multipart/form-data body with a part named 'file' is needed");

        try
        {
            var parts = new MultipartReader(boundary.ToString(), request.Body, BlockSize);
            while (await parts.ReadNextSectionAsync(cancellationToken) is { } part) await ReceiveAsync(part, cancellationToken);
            return _written;
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
        if (_written.Exists(earlier => earlier.Path == target)) throw Invalid($"two parts go to the same path '{target}'");

        RegularFile.MakeParents(target, user);
        using var file = RegularFile.Create(target, user);
        await CopyAsync(part.Body, file, target, cancellationToken);
        _written.Add(new WrittenFile(Path.GetFileName(target), target, "file"));
    }

    private static string NameOf(ContentDispositionHeaderValue disposition)
    {
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName);
        // Browsers and official clients write a quote in a file name as %22.
        return name is { Length: > 0 } ? name.ToString().Replace("%22", "\"", StringComparison.Ordinal)
            : throw Invalid("the upload names no path: give it in the query or as the part's file name");
    }

    // A small file is one write, so that its watchers see one.
    private static async Task CopyAsync(Stream source, Microsoft.Win32.SafeHandles.SafeFileHandle file, string target, CancellationToken cancellationToken)
    {
        var block = new byte[BlockSize];
        for (var offset = 0L; ;)
        {
            var count = await source.ReadAtLeastAsync(block, BlockSize, throwOnEndOfStream: false, cancellationToken);
            if (count == 0) return;
            Write(file, block.AsSpan(0, count), offset, target);
            offset += count;
        }
    }

    private static void Write(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, string target)
    {
        for (var rest = bytes; rest.Length > 0;)
        {
            var count = Posix.Write(file, rest, offset);
            if (count < 0) throw FileFailure.Of(Posix.LastError, target);
            rest = rest[count..];
            offset += count;
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
