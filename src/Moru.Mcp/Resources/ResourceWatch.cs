namespace Moru.Mcp;

/// <summary>A resource under observation, until it is disposed of.</summary>
/// <param name="changes">An element after each change and after the end of what is observed, until the token is cancelled or that end.</param>
/// <param name="release">Lets go of what is held; null: nothing is.</param>
internal sealed class ResourceWatch(Func<CancellationToken, IAsyncEnumerable<ResourceAddress>> changes, Func<ValueTask>? release = null) : IAsyncDisposable
{
    public IAsyncEnumerable<ResourceAddress> ChangesAsync(CancellationToken cancellationToken) => changes(cancellationToken);

    public ValueTask DisposeAsync() => release?.Invoke() ?? default;
}
