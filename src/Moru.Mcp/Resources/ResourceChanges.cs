using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ModelContextProtocol.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>
/// Notices when a resource changes: files as the kernel tells it, everything else by looking again. Changes that come faster than a
/// client can make use of are told as one.
/// </summary>
internal sealed class ResourceChanges(McpSession session)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

    private readonly ResourceReader reader = new(session);

    /// <summary>Returns once changes are noticed.</summary>
    public async Task<ResourceWatch> WatchAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        if (address.Kind == ResourceKind.File) return await WatchFileAsync(address, cancellationToken);
        if (address.Kind == ResourceKind.Output) return await WatchOutputAsync(address, cancellationToken);

        // Of a file in a volume nobody tells, but of the volume it is known when something in it changed last.
        var seen = address.Kind == ResourceKind.VolumeFile ? ResourceAddress.ParseOrDefault($"{ResourceAddress.Volumes}/{address.Owner}")! : address;
        var now = await LookAsync(seen, cancellationToken);
        return new ResourceWatch(stop => LookAgainAsync(seen, now, stop));
    }

    private async Task<ResourceWatch> WatchFileAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        var sandbox = await reader.SandboxAsync(address, cancellationToken);
        var path = address.Path.Length > 1 ? address.Path.TrimEnd('/') : address.Path;
        var isDirectory = await sandbox.Files.ExistsAsync(path, cancellationToken: cancellationToken)
            && (await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken)).Type == Protocol.FileType.Directory;
        var (folder, name) = isDirectory ? (path, null) : (path[..Math.Max(1, path.LastIndexOf('/'))], path[(path.LastIndexOf('/') + 1)..]);

        return await WatchFolderAsync(address, sandbox, folder, changed => name is null || changed == name, cancellationToken);
    }

    private async Task<ResourceWatch> WatchOutputAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        var sandbox = await reader.SandboxAsync(address, cancellationToken);
        await SandboxViews.ReadOutputAsync(sandbox, address.Pid, "0,0", cancellationToken); // fails when there is no such command
        var files = string.Create(CultureInfo.InvariantCulture, $"{address.Pid}.");
        return await WatchFolderAsync(address, sandbox, SandboxViews.OutputFolder, changed => changed.StartsWith(files, StringComparison.Ordinal), cancellationToken);
    }

    private static async Task<ResourceWatch> WatchFolderAsync(ResourceAddress address, Sandbox sandbox, string folder, Predicate<string> isMeant, CancellationToken cancellationToken)
    {
        // One place: a change that nobody has taken yet stands for all that follow.
        var changes = Channel.CreateBounded<ResourceAddress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var watch = await sandbox.Files.WatchDirAsync(folder, new WatchOptions
        {
            OnEvent = change =>
            {
                if (isMeant(change.Name)) changes.Writer.TryWrite(address);
            },
            OnExit = _ => changes.Writer.TryComplete(),
        }, cancellationToken);
        return new ResourceWatch(stop => DrainAsync(changes.Reader, stop), watch);
    }

    private static async IAsyncEnumerable<ResourceAddress> DrainAsync(ChannelReader<ResourceAddress> changes, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var change in changes.ReadAllAsync(stop))
        {
            yield return change;
            await Task.Delay(Pause, stop);
        }
    }

    private async IAsyncEnumerable<ResourceAddress> LookAgainAsync(ResourceAddress address, string last, [EnumeratorCancellation] CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look);
        while (await timer.WaitForNextTickAsync(stop))
        {
            var now = await LookAsync(address, stop);
            if (now == last) continue;
            last = now;
            yield return address;
        }
    }

    private async Task<string> LookAsync(ResourceAddress address, CancellationToken cancellationToken) =>
        ((TextResourceContents)await reader.ReadAsync(address, cancellationToken)).Text;
}
