using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>A listener to a running process, and a hand at its keyboard. Ending it kills the process.</summary>
internal sealed class Conversation : IAsyncDisposable
{
    private readonly EnvdHost envd;
    private readonly CancellationTokenSource left = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly TaskCompletionSource<int> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder seen = new();
    private readonly Task<ProcessEnded> listening;

    private Conversation(EnvdHost envd, Func<CancellationToken, IAsyncEnumerable<ProcessEvent>> listen)
    {
        this.envd = envd;
        listening = ListenAsync(listen(left.Token));
    }

    public int Pid { get; private set; }

    public int LargestChunk { get; private set; }

    public ProcessSelector Selector => new() { Pid = Pid };

    /// <summary>Everything the process wrote since the listener came.</summary>
    public string Seen
    {
        get
        {
            lock (seen) return seen.ToString();
        }
    }

    public static Task<Conversation> StartAsync(EnvdHost envd, StartRequest start, string? user = null, TimeSpan? timeout = null) =>
        OpenAsync(envd, cancellation => envd.Client.StartAsync(start, user, timeout, cancellation));

    /// <summary>Starts a program in a terminal of 80 by 24.</summary>
    public static Task<Conversation> InTerminalAsync(EnvdHost envd, string cmd, params string[] args) =>
        StartAsync(envd, Terminals.Program(cmd, args));

    public static Task<Conversation> JoinAsync(EnvdHost envd, ProcessSelector process) =>
        OpenAsync(envd, cancellation => envd.Client.ConnectAsync(process, cancellation));

    public Task ShowsAsync(string text) => Eventually.TrueAsync(() => Seen.Contains(text, StringComparison.Ordinal), $"'{text}' is seen");

    public Task WriteAsync(string text) => envd.Client.SendInputAsync(Selector, new ProcessInput { Stdin = Encoding.UTF8.GetBytes(text) }, TestContext.Current.CancellationToken);

    public Task TypeAsync(string keys) => envd.Client.SendInputAsync(Selector, new ProcessInput { Pty = Encoding.UTF8.GetBytes(keys) }, TestContext.Current.CancellationToken);

    public Task ResizeAsync(uint cols, uint rows) => envd.Client.ResizeAsync(Selector, new PtySize(cols, rows), TestContext.Current.CancellationToken);

    public Task KillAsync() => envd.Client.SendSignalAsync(Selector, Signal.Kill, TestContext.Current.CancellationToken);

    public Task<ProcessEnded> EndAsync() => listening.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);

    /// <summary>Closes the connection; the process goes on.</summary>
    public async Task LeaveAsync()
    {
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await KillAsync();
        }
        catch (ConnectException)
        {
            // Over already.
        }

        await left.CancelAsync();
        await listening.ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        left.Dispose();
    }

    private static async Task<Conversation> OpenAsync(EnvdHost envd, Func<CancellationToken, IAsyncEnumerable<ProcessEvent>> listen)
    {
        var conversation = new Conversation(envd, listen);
        await await Task.WhenAny(conversation.started.Task, conversation.listening);
        return conversation;
    }

    private async Task<ProcessEnded> ListenAsync(IAsyncEnumerable<ProcessEvent> events)
    {
        ProcessEnded? end = null;
        await foreach (var item in events)
        {
            if (item.Start is { } start) started.SetResult(Pid = start.Pid);
            var chunk = item.Data is { } data ? data.Stdout ?? data.Stderr ?? data.Pty ?? default : default;
            LargestChunk = Math.Max(LargestChunk, chunk.Length);
            lock (seen) seen.Append(Encoding.UTF8.GetString(chunk.Span));
            end = item.End ?? end;
        }

        return end ?? throw new InvalidOperationException("the stream ended without an end event");
    }
}
