using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Answers one <c>GET</c> or <c>HEAD</c> of one file as a static file server does (RFC 9110): whole, in part, or not at all because the client has it.</summary>
internal sealed class Download(HttpContext context, SafeFileHandle file, FileStatus status, string path)
{
    private const int BlockSize = 256 << 10;

    private readonly IHeaderDictionary _headers = context.Response.Headers;

    public async Task SendAsync()
    {
        var start = new byte[ContentType.SniffLength];
        var count = RandomAccess.Read(file, start, 0);
        // Files of /proc and /sys have another size than content, and no version: their length is known at their end.
        var isMadeUp = status.Size == 0 ? count > 0 : count < Math.Min(status.Size, start.Length);
        var version = isMadeUp ? null : FileVersion.Of(status);
        _headers.CacheControl = "private, no-cache"; // Without it a browser guesses from the date for how long a file stays as it is.
        _headers.XContentTypeOptions = "nosniff";
        if (version is not null)
        {
            _headers.ETag = version.Tag.ToString();
            _headers.LastModified = HeaderUtilities.FormatDate(version.Modified);
            _headers.AcceptRanges = "bytes";
            switch (version.Check(context.Request.Headers))
            {
                case Precondition.NotModified:
                    context.Response.StatusCode = StatusCodes.Status304NotModified;
                    return;
                case Precondition.Failed:
                    throw new ConnectException(ConnectCode.FailedPrecondition, $"path '{path}' is not the version asked for", StatusCodes.Status412PreconditionFailed);
            }
        }

        var type = ContentType.Of(path, start.AsSpan(0, count));
        var isHead = HttpMethods.IsHead(context.Request.Method);
        // No range is defined for HEAD.
        var ranges = isHead || version?.AllowsRange(context.Request.Headers) != true ? null : ByteRange.Parse(context.Request.Headers.Range.ToString(), status.Size);
        switch (ranges)
        {
            case []:
                _headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{status.Size}");
                throw new ConnectException(
                    ConnectCode.OutOfRange, $"path '{path}' has {status.Size} bytes and none in the range asked for", StatusCodes.Status416RangeNotSatisfiable);
            case null:
                context.Response.ContentType = type;
                context.Response.ContentLength = isMadeUp ? null : status.Size;
                if (!isHead) await CopyAsync(new ByteRange(0, isMadeUp ? long.MaxValue : status.Size));
                break;
            case [var range]:
                context.Response.StatusCode = StatusCodes.Status206PartialContent;
                context.Response.ContentType = type;
                context.Response.ContentLength = range.Length;
                _headers.ContentRange = range.In(status.Size);
                await CopyAsync(range);
                break;
            default:
                await SendPartsAsync(ranges, type);
                break;
        }
    }

    private async Task SendPartsAsync(IReadOnlyList<ByteRange> ranges, string type)
    {
        var boundary = string.Create(CultureInfo.InvariantCulture, $"{Random.Shared.NextInt64():x16}{Random.Shared.NextInt64():x16}");
        var end = $"\r\n--{boundary}--\r\n";
        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.ContentType = $"multipart/byteranges; boundary={boundary}";
        context.Response.ContentLength = ranges.Sum(range => HeadOf(range).Length + range.Length) + end.Length;
        foreach (var range in ranges)
        {
            await WriteAsync(HeadOf(range));
            await CopyAsync(range);
        }

        await WriteAsync(end);

        string HeadOf(ByteRange range) => $"\r\n--{boundary}\r\nContent-Type: {type}\r\nContent-Range: {range.In(status.Size)}\r\n\r\n";
    }

    private async Task WriteAsync(string text) => await context.Response.BodyWriter.WriteAsync(Encoding.ASCII.GetBytes(text), context.RequestAborted);

    // The file is read right into the connection's buffer: no copy of ours, and never more than a block of it.
    private async Task CopyAsync(ByteRange range)
    {
        var output = context.Response.BodyWriter;
        for (var left = range.Length; left > 0;)
        {
            var count = Read(output, range.Start + (range.Length - left), left);
            if (count == 0 && range.Length < long.MaxValue) context.Abort(); // It was cut meanwhile; what was promised cannot be kept.
            if (count == 0 || (await output.FlushAsync(context.RequestAborted)).IsCompleted) return;
            left -= count;
        }
    }

    private int Read(PipeWriter output, long offset, long most)
    {
        var block = output.GetMemory((int)Math.Min(BlockSize, most));
        var count = RandomAccess.Read(file, block.Span[..(int)Math.Min(block.Length, most)], offset);
        output.Advance(count);
        return count;
    }
}
