using System.Formats.Tar;
using System.Net;

namespace Moru.Bench;

/// <summary>Bytes that cost nothing to make.</summary>
internal sealed class PatternStream(long length) : Stream
{
    private static readonly byte[] Pattern = MakePattern();

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        var taken = (int)Math.Min(Math.Min(buffer.Length, Pattern.Length), length - Position);
        Pattern.AsSpan(0, taken).CopyTo(buffer);
        Position += taken;
        return taken;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    // The one of the base class goes through another thread.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // Nothing on the way may find it easy to compress.
    private static byte[] MakePattern()
    {
        var pattern = new byte[1 << 20];
        new Random(1).NextBytes(pattern);
        return pattern;
    }
}

/// <summary>A tar archive of one file, as the engine takes it.</summary>
internal sealed class ArchiveContent(string name, long length) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await using var archive = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true);
        await archive.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new PatternStream(length) });
    }

    protected override bool TryComputeLength(out long size)
    {
        size = -1;
        return false;
    }
}

internal static class Counting
{
    public static async Task<long> CountAsync(this HttpContent content, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 20];
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var total = 0L;
        while (await stream.ReadAsync(buffer, cancellationToken) is var count and > 0) total += count;
        return total;
    }
}
