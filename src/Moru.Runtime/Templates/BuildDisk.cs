using System.Diagnostics;

namespace Moru.Runtime;

/// <summary>
/// Holds a build to what a sandbox of its team may write, whether or not the engine can: what its steps write is measured while they run
/// and when they have ended, and added up.
/// </summary>
internal sealed class BuildDisk(IContainerEngine engine, int limitMB)
{
    private const long MiB = 1 << 20;

    // Measuring walks over all that was written; it takes at most this share of the time.
    private const int PauseFactor = 25;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    private long kept;

    /// <summary>0: none.</summary>
    public int LimitMB => limitMB;

    /// <summary>Does something in a sandbox, and gives it up when too much is written there.</summary>
    /// <exception cref="BuildException">Too much was.</exception>
    public async Task<T> HoldAsync<T>(BuildSandbox sandbox, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = WatchAsync(sandbox, stop.Token);
        var done = work(stop.Token);
        try
        {
            if (await Task.WhenAny(done, watch) == watch) await watch;
            return await done;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(done, watch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc cref="HoldAsync{T}"/>
    public Task HoldAsync(BuildSandbox sandbox, Func<CancellationToken, Task> work, CancellationToken cancellationToken) => HoldAsync(
        sandbox, async limit => { await work(limit); return true; }, cancellationToken);

    /// <summary>Counts what a sandbox has written once its step has ended.</summary>
    /// <returns>How much that is, in bytes.</returns>
    /// <exception cref="BuildException">It is too much.</exception>
    public async Task<long> AddAsync(BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        var written = await engine.WrittenBytesAsync(sandbox.Id, cancellationToken);
        ThrowIfFull(written);
        kept += written;
        return written;
    }

    private async Task WatchAsync(BuildSandbox sandbox, CancellationToken cancellationToken)
    {
        for (var pause = ShortestPause; ;)
        {
            await Task.Delay(pause, cancellationToken);
            var begun = Stopwatch.GetTimestamp();
            try
            {
                ThrowIfFull(await engine.WrittenBytesAsync(sandbox.Id, cancellationToken));
            }
            catch (RuntimeException)
            {
                // The engine is busy, or the sandbox has ended, which the step itself tells.
            }

            var cost = PauseFactor * Stopwatch.GetElapsedTime(begun);
            pause = cost > ShortestPause ? cost : ShortestPause;
        }
    }

    private void ThrowIfFull(long written)
    {
        if (limitMB <= 0 || kept + written <= limitMB * MiB) return;
        throw new BuildException(
            $"the build has written more than the {limitMB} MiB that a sandbox of this team may (diskSizeMB); remove what the template does not need, such as downloads, in the step that makes it");
    }
}
