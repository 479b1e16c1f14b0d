using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ModelContextProtocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>
/// A file, a directory or the output of a command under observation by the kernel of its sandbox, for as long as that lives: over a pause
/// it waits, without waking the sandbox, and what changed meanwhile is told as one change.
/// </summary>
internal sealed class FileWatch(ResourceReader reader, ResourceAddress address) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

    private Channel<ResourceAddress> changes = ResourceWatch.CreateChanges();
    private WatchHandle? handle;

    /// <summary>Returns once changes are noticed.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var sandbox = await reader.SandboxAsync(address, cancellationToken);
        var (folder, isMeant) = address.Kind == ResourceKind.File ? await FileAsync(sandbox, cancellationToken) : await OutputAsync(sandbox, cancellationToken);
        await DisposeAsync();
        var now = changes = ResourceWatch.CreateChanges();
        handle = await sandbox.Files.WatchDirAsync(folder, new WatchOptions
        {
            OnEvent = change =>
            {
                if (isMeant(change.Name)) now.Writer.TryWrite(address);
            },
            OnExit = _ => now.Writer.TryComplete(),
        }, cancellationToken);
    }

    /// <summary>An element after each change, those that come faster than a client can make use of as one, and a last one at the end of the sandbox.</summary>
    public async IAsyncEnumerable<ResourceAddress> ChangesAsync([EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            await foreach (var change in changes.Reader.ReadAllAsync(stop))
            {
                yield return change;
                await Task.Delay(Pause, stop);
            }

            var isThere = await OpenAgainAsync(stop);
            yield return address;
            if (!isThere) yield break;
            await Task.Delay(Pause, stop);
        }
    }

    public ValueTask DisposeAsync() => handle?.DisposeAsync() ?? default;

    /// <returns>False when there is nothing to observe any more.</returns>
    private async Task<bool> OpenAgainAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Look);
        while (true)
        {
            try
            {
                await OpenAsync(stop);
                return true;
            }
            catch (Exception error) when (error is NotFoundException or ToolException)
            {
                return false;
            }
            catch (Exception error) when (error is SandboxException or McpException)
            {
                await timer.WaitForNextTickAsync(stop); // paused, or its server does not answer at the moment
            }
        }
    }

    private async Task<(string Folder, Predicate<string> IsMeant)> FileAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var path = address.Path.Length > 1 ? address.Path.TrimEnd('/') : address.Path;
        var isDirectory = await sandbox.Files.ExistsAsync(path, cancellationToken: cancellationToken)
            && (await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken)).Type == Protocol.FileType.Directory;
        if (isDirectory) return (path, _ => true);
        var name = path[(path.LastIndexOf('/') + 1)..];
        return (path[..Math.Max(1, path.LastIndexOf('/'))], changed => changed == name);
    }

    private async Task<(string Folder, Predicate<string> IsMeant)> OutputAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        await SandboxViews.ReadOutputAsync(sandbox, address.Pid, "0,0", cancellationToken); // fails when there is no such command
        var files = string.Create(CultureInfo.InvariantCulture, $"{address.Pid}.");
        return (SandboxViews.OutputFolder, changed => changed.StartsWith(files, StringComparison.Ordinal));
    }
}
