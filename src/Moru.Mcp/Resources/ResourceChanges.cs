using System.Runtime.CompilerServices;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>
/// Notices when a resource changes: files as the kernel tells it, everything else by looking again.
/// </summary>
internal sealed class ResourceChanges(McpSession session)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private static readonly ResourceAddress List = McpResources.Parse(ResourceAddress.Sandboxes);

    private readonly ResourceReader reader = new(session);

    /// <summary>Returns once changes are noticed.</summary>
    public async Task<ResourceWatch> WatchAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        if (address.Kind is ResourceKind.File or ResourceKind.Output)
        {
            // That of the session may be replaced: it is this one that is meant.
            var file = new FileWatch(reader, address.In(await reader.IdAsync(address, cancellationToken)));
            await file.OpenAsync(cancellationToken);
            return new ResourceWatch(file.ChangesAsync, file.DisposeAsync);
        }

        // Of a file in a volume nobody tells, but of the volume it is known when something in it changed last.
        var seen = address.Kind == ResourceKind.VolumeFile ? ResourceAddress.ParseOrDefault($"{ResourceAddress.Volumes}/{address.Owner}")! : address;
        var now = await LookAsync(seen, cancellationToken);
        return new ResourceWatch(stop => LookAgainAsync(seen, now, stop));
    }

    /// <summary>The list of the sandboxes, as calls of others than one HTTP session change it.</summary>
    /// <param name="own">Id of that session; null: all calls are meant.</param>
    public ResourceWatch WatchList(string? own)
    {
        var changes = ResourceWatch.CreateChanges();
        session.News.Changed += Note;
        return new ResourceWatch(changes.Reader.ReadAllAsync, () =>
        {
            session.News.Changed -= Note;
            return default;
        });

        void Note(string? teller)
        {
            if (own is null || own != teller) changes.Writer.TryWrite(List);
        }
    }

    private async IAsyncEnumerable<ResourceAddress> LookAgainAsync(ResourceAddress address, string last, [EnumeratorCancellation] CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look);
        while (await timer.WaitForNextTickAsync(stop))
        {
            var now = await LookOrDefaultAsync(address, last, stop);
            if (now == last) continue;
            yield return address;
            if (now is null) break;
            last = now;
        }
    }

    /// <returns>What was there before while nobody can look; null: it is gone.</returns>
    private async Task<string?> LookOrDefaultAsync(ResourceAddress address, string before, CancellationToken cancellationToken)
    {
        try
        {
            return await LookAsync(address, cancellationToken);
        }
        catch (McpProtocolException error) when (error.ErrorCode == McpErrorCode.InvalidParams)
        {
            return await reader.IsPausedAsync(address, cancellationToken) ? before : null;
        }
        catch (Exception error) when (error is SandboxException or McpException)
        {
            return before;
        }
    }

    private async Task<string> LookAsync(ResourceAddress address, CancellationToken cancellationToken) =>
        ((TextResourceContents)await reader.ReadAsync(address, cancellationToken)).Text;
}
