namespace Moru.Envd.Tests;

/// <summary>Zeros, as many as wanted, from no memory.</summary>
internal sealed class EndlessStream(long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var taken = (int)Math.Min(count, length - _position);
        Array.Clear(buffer, offset, taken);
        _position += taken;
        return taken;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

internal static class StreamCounting
{
    public static async Task<long> CountAsync(this Stream stream)
    {
        var buffer = new byte[1 << 20];
        var total = 0L;
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is var count and > 0) total += count;
        return total;
    }
}
