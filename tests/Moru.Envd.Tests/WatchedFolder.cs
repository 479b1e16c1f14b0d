using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>A folder of its own for one test, and the events in it as text: <c>CREATE d/f</c>.</summary>
internal sealed class WatchedFolder(EnvdHost envd, string path)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string Path => path;

    public static async Task<WatchedFolder> InAsync(EnvdHost envd, string parent)
    {
        var path = $"{parent}/{Guid.NewGuid():N}";
        await envd.Client.MakeDirectoryAsync(path, null, Cancellation);
        return new WatchedFolder(envd, path);
    }

    public async Task ShAsync(string script) => Assert.Equal(0, (await envd.ShAsync($"cd {path} && {script}")).End.ExitCode);

    public Task WriteAsync(string name, string content) => envd.Client.WriteFileAsync($"{path}/{name}", new StringContent(content), null, Cancellation);

    public Task<string> PollingAsync(bool recursive = false) => envd.Client.CreateWatcherAsync(new CreateWatcherRequest(path, recursive), null, Cancellation);

    /// <summary>The events of a polled watcher up to now, each once: those of a file that is written last mark the end.</summary>
    public async Task<List<string>> EventsAsync(string watcher)
    {
        const string Mark = "end-of-test";
        await WriteAsync(Mark, "x");
        var events = new List<string>();
        await Eventually.TrueAsync(async () =>
        {
            events.AddRange((await envd.Client.GetWatcherEventsAsync(watcher, Cancellation)).Select(Text));
            return events.Contains($"WRITE {Mark}");
        });
        return [.. events.Where(text => !text.EndsWith(Mark, StringComparison.Ordinal))];
    }

    /// <summary>The events of a stream, as they come.</summary>
    public async IAsyncEnumerable<string> StreamAsync(bool recursive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in envd.Client.WatchDirectoryAsync(new WatchDirRequest(path, recursive), null, cancellationToken))
            yield return message switch { { Start: not null } => "START", { Filesystem: { } item } => Text(item), _ => "KEEPALIVE" };
    }

    private static string Text(FilesystemEvent item) => $"{item.Type.ToString().ToUpperInvariant()} {item.Name}";
}

/// <summary>Collects a stream in the background.</summary>
internal sealed class Collected : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public Collected(Func<CancellationToken, IAsyncEnumerable<string>> stream) => _running = CollectAsync(stream(_stop.Token));

    public ConcurrentQueue<string> Items { get; } = new();

    /// <summary>Why the stream failed.</summary>
    public ConnectException? Failure { get; private set; }

    public bool HasEnded => _running.IsCompleted;

    public Task HasAsync(string item) => Eventually.TrueAsync(() => Items.Contains(item), $"{item} among {string.Join(", ", Items)}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task CollectAsync(IAsyncEnumerable<string> stream)
    {
        try
        {
            await foreach (var item in stream) Items.Enqueue(item);
        }
        catch (ConnectException failure)
        {
            Failure = failure;
        }
        catch (OperationCanceledException)
        {
        }
    }
}
