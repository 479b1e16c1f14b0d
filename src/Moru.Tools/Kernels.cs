using System.Collections.Concurrent;

namespace Moru.Tools;

/// <summary>The interpreters of a session, one for each sandbox, language and directory, started on first use.</summary>
internal sealed class Kernels : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Sandbox, string Language, string? Directory), Task<Kernel>> byPlace = new();

    /// <summary>Returns an interpreter that runs, and whether it takes the place of one that had ended.</summary>
    /// <param name="sandbox">Where.</param>
    /// <param name="language">Which.</param>
    /// <param name="directory">Where its code begins, made when it is not there; null: the home directory.</param>
    /// <param name="cancellationToken">Gives up waiting for one that was there before.</param>
    public async Task<(Kernel Kernel, bool Replaced)> GetAsync(Sandbox sandbox, Language language, string? directory, CancellationToken cancellationToken)
    {
        var key = (sandbox.SandboxId, language.Name, directory);
        for (var replaced = false; ; replaced = true)
        {
            var starting = byPlace.GetOrAdd(key, _ => Kernel.StartAsync(sandbox, language, directory, CancellationToken.None));
            var kernel = await StartedAsync(key, starting);
            await kernel.AttachAsync(sandbox, cancellationToken);
            if (kernel.Ending is null || kernel.Missing) return (kernel, replaced);
            if (byPlace.TryRemove(new(key, starting))) await kernel.DisposeAsync();
        }
    }

    /// <summary>Notes that a sandbox was paused: connections to it do not hold, even if they seem to.</summary>
    public void Cut(string sandboxId)
    {
        foreach (var (key, starting) in byPlace)
        {
            if (key.Sandbox == sandboxId && starting.IsCompletedSuccessfully) starting.Result.Cut();
        }
    }

    /// <summary>Lets go of those of a sandbox that has ended, and they with it.</summary>
    public void Forget(string sandboxId)
    {
        foreach (var key in byPlace.Keys.Where(key => key.Sandbox == sandboxId)) byPlace.TryRemove(key, out _);
    }

    /// <summary>Ends an interpreter of which nothing more is expected.</summary>
    public async Task RemoveAsync(Kernel ended)
    {
        foreach (var (key, starting) in byPlace)
        {
            if (starting.IsCompletedSuccessfully && starting.Result == ended) byPlace.TryRemove(new(key, starting));
        }

        await ended.DisposeAsync();
    }

    /// <summary>Ends them all.</summary>
    public async ValueTask DisposeAsync()
    {
        var all = byPlace.Values.ToList();
        byPlace.Clear();
        await Task.WhenAll(all.Select(EndAsync));
    }

    private async Task<Kernel> StartedAsync((string Sandbox, string Language, string? Directory) key, Task<Kernel> starting)
    {
        try
        {
            return await starting;
        }
        catch
        {
            byPlace.TryRemove(new(key, starting));
            throw;
        }
    }

    private static async Task EndAsync(Task<Kernel> starting)
    {
        await ((Task)starting).WaitAsync(StartPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (starting.IsCompletedSuccessfully) await starting.Result.DisposeAsync();
    }
}
