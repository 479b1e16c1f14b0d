namespace Moru.Sdk.Tests;

/// <summary>Alone, because it measures the memory of the whole process.</summary>
[CollectionDefinition(nameof(LargeStreams), DisableParallelization = true)]
[Collection(nameof(LargeStreams))]
public sealed class LargeStreams(ServerFixture fixture)
{
    private const long Size = 1L << 30;
    private const long MaxGrowth = 96L << 20; // server and client share this process

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gigabyte_goes_in_and_out_without_being_held()
    {
        await using var sandbox = await fixture.Client.CreateSandboxAsync(cancellationToken: Cancelled);
        await sandbox.Files.WriteAsync("/tmp/warm", new MemoryStream(new byte[8 << 20]), cancellationToken: Cancelled);
        var (before, peak) = (GC.GetTotalMemory(forceFullCollection: true), 0L);
        void Measure() => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);

        await sandbox.Files.WriteAsync("/tmp/large", new Zeros(Size, Measure), cancellationToken: Cancelled);
        Assert.Equal(Size, (await sandbox.Files.GetInfoAsync("/tmp/large", cancellationToken: Cancelled)).SizeBytes);

        await using var stream = await sandbox.Files.OpenReadAsync("/tmp/large", cancellationToken: Cancelled);
        var (buffer, total) = (new byte[128 << 10], 0L);
        for (int read; (read = await stream.ReadAsync(buffer, Cancelled)) > 0;)
        {
            if (total / (64 << 20) != (total + read) / (64 << 20)) Measure();
            total += read;
        }

        Assert.Equal(Size, total);
        Assert.InRange(peak, 0, MaxGrowth);
    }

    /// <summary>So many zeros, which measures on its way.</summary>
    private sealed class Zeros(long size, Action measure) : Stream
    {
        private long position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var next = (int)Math.Min(count, size - position);
            if (position / (64 << 20) != (position + next) / (64 << 20)) measure();
            Array.Clear(buffer, offset, next);
            position += next;
            return next;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
