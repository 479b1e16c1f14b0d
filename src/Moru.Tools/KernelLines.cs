using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Moru.Tools;

/// <summary>The lines that an interpreter writes over one connection to it. Thread-safe.</summary>
internal sealed class KernelLines
{
    // A request is bounded by the caller; an answer has four pictures at most.
    private const int MaxLine = 4 << 20;

    // There is one answer at a time. Whoever writes more forges them, which ends the lines as one that is too long does.
    private readonly Channel<string> lines = Channel.CreateBounded<string>(4);
    private readonly StringBuilder last = new();
    private readonly TaskCompletionSource flooded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when there was more than an interpreter writes; nothing is taken from then on.</summary>
    public Task Flooded => flooded.Task;

    /// <summary>Takes a piece of output.</summary>
    public void Take(string text)
    {
        if (flooded.Task.IsCompleted) return;
        last.Append(text);
        while (text.Contains('\n', StringComparison.Ordinal) && last.ToString() is var all && all.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end)
        {
            last.Clear().Append(all, end + 1, all.Length - end - 1);
            if (!lines.Writer.TryWrite(all[..end])) Flood();
        }

        if (last.Length > MaxLine) Flood();
    }

    /// <summary>Nothing more comes.</summary>
    public void End() => lines.Writer.TryComplete();

    /// <summary>Waits for the next line.</summary>
    /// <exception cref="ChannelClosedException">There is none: the connection is over, or, with a <see cref="JsonException"/>, brought nonsense.</exception>
    public ValueTask<string> ReadAsync(CancellationToken cancellationToken) => lines.Reader.ReadAsync(cancellationToken);

    private void Flood()
    {
        lines.Writer.TryComplete(new JsonException("An interpreter answers once, and not without end."));
        flooded.TrySetResult();
        last.Clear();
    }
}
