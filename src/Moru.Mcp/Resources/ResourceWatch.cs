namespace Moru.Mcp;

/// <summary>A resource under observation, until it is disposed of.</summary>
/// <param name="changes">An element after each change, until the token is cancelled or the sandbox is gone.</param>
/// <param name="held">What must be let go of at the end; null: nothing.</param>
internal sealed class ResourceWatch(Func<CancellationToken, IAsyncEnumerable<ResourceAddress>> changes, IAsyncDisposable? held = null) : IAsyncDisposable
{
    public IAsyncEnumerable<ResourceAddress> ChangesAsync(CancellationToken cancellationToken) => changes(cancellationToken);

    public ValueTask DisposeAsync() => held?.DisposeAsync() ?? default;
}
