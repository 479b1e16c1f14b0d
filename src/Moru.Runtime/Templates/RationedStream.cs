namespace Moru.Runtime;

/// <summary>
/// Reads no more than so many bytes in all, and few at a time: a tar reader asks for a whole extended header at once, however large
/// the header says it is.
/// </summary>
internal sealed class RationedStream(Stream inner, long most) : Stream
{
    private const int MostAtOnce = 1 << 20;

    private long taken;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CheckRequest(buffer.Length);
        return Count(await inner.ReadAsync(buffer, cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        CheckRequest(buffer.Length);
        return Count(inner.Read(buffer));
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static void CheckRequest(int count)
    {
        if (count > MostAtOnce) throw new InvalidDataException("a header is larger than any that is needed");
    }

    private int Count(int read) => (taken += read) <= most ? read : throw new InvalidDataException($"unpacked it is larger than {most >> 20} MiB");
}
