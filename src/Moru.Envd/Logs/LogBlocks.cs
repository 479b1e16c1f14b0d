namespace Moru.Envd;

/// <summary>
/// The memory of the log, in blocks that are used again and again. It is one array, so that blocks that stay do not lie among output that
/// goes, where they would keep the collector from giving memory back.
/// </summary>
internal sealed class LogBlocks(int capacity)
{
    public const int Size = 8 << 10;

    private readonly Stack<int> _free = new();
    private byte[]? _memory;
    private int _used;

    public Span<byte> this[int block] => _memory.AsSpan(block * Size, Size);

    public int Take()
    {
        if (_free.TryPop(out var block)) return block;
        // The kernel gives pages only to what is written.
        _memory ??= GC.AllocateUninitializedArray<byte>(capacity);
        return _used++;
    }

    public void Return(int block) => _free.Push(block);
}
