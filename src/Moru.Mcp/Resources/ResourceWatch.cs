using System.Threading.Channels;

namespace Moru.Mcp;

/// <summary>A resource under observation, until it is disposed of.</summary>
/// <param name="changes">An element after each change and after the end of what is observed, until the token is cancelled or that end.</param>
/// <param name="release">Lets go of what is held, once; null: nothing is.</param>
internal sealed class ResourceWatch(Func<CancellationToken, IAsyncEnumerable<ResourceAddress>> changes, Func<ValueTask>? release = null) : IAsyncDisposable
{
    private Func<ValueTask>? release = release;

    /// <summary>One place: a change that nobody has taken yet stands for all that follow.</summary>
    public static Channel<ResourceAddress> CreateChanges() => Channel.CreateBounded<ResourceAddress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public IAsyncEnumerable<ResourceAddress> ChangesAsync(CancellationToken cancellationToken) => changes(cancellationToken);

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref release, null)?.Invoke() ?? default;
}
