using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Moru.Tools;

/// <summary>An open terminal and its screen. Thread-safe.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    /// <summary>Silence after which a program waits for input rather than thinks.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(0.4);

    private readonly Lock gate = new();
    private readonly Screen screen;
    private readonly VtParser parser;
    private PtyHandle? handle;
    private Task<int> end = Task.FromResult(0);
    private long lastChange = Stopwatch.GetTimestamp();
    private TaskCompletionSource changed = NewSignal();

    private Terminal(int columns, int rows)
    {
        screen = new Screen(columns, rows);
        parser = new VtParser(screen);
    }

    public int Pid => handle!.Pid;

    /// <summary>Whether its shell or program has ended.</summary>
    public bool Closed => end.IsCompleted;

    public static async Task<Terminal> OpenAsync(Sandbox sandbox, string? command, PtyOptions options)
    {
        var terminal = new Terminal(options.Cols, options.Rows);
        var heard = options with { OnData = terminal.Show };
        terminal.handle = command is null
            ? await sandbox.Pty.CreateAsync(heard, CancellationToken.None)
            : await sandbox.Pty.StartAsync(command, heard, CancellationToken.None);
        terminal.end = terminal.handle.WaitAsync(CancellationToken.None);
        return terminal;
    }

    /// <summary>Types text, then presses keys.</summary>
    public async Task TypeAsync(string? text, string? keys, CancellationToken cancellationToken)
    {
        string sent;
        lock (gate)
        {
            sent = text?.ReplaceLineEndings("\r") + (keys is null ? "" : Keys.Send(keys, screen.ApplicationCursor));
            lastChange = Stopwatch.GetTimestamp(); // the answer is yet to come
        }

        await handle!.SendInputAsync(sent, cancellationToken);
    }

    public async Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken)
    {
        lock (gate) screen.Resize(columns, rows);
        await handle!.ResizeAsync(columns, rows, cancellationToken);
    }

    /// <summary>Waits until the screen shows what fits <paramref name="pattern"/>, or, without one, until it is at rest; or until the end.</summary>
    /// <returns>False when the time was over before.</returns>
    public async Task<bool> SettleAsync(Regex? pattern, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task signal;
            TimeSpan rest;
            lock (gate)
            {
                if (pattern?.IsMatch(screen.Text) == true) return true;
                (signal, rest) = (changed.Task, Idle - Stopwatch.GetElapsedTime(lastChange));
            }

            if (end.IsCompleted || (pattern is null && rest <= TimeSpan.Zero)) return pattern is null;
            var left = patience - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return false;
            var wait = pattern is null && rest < left ? rest : left;
            await Task.WhenAny(signal, end, Task.Delay(wait, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>What is on the screen now, and what has left it since the last look.</summary>
    public TerminalScreen Look(string? note)
    {
        lock (gate) return Peek() with { Scrolled = TerminalScreen.Shorten(screen.TakeScrolled()), Note = note };
    }

    /// <summary>What is on the screen now; what has left it stays for the next look.</summary>
    public TerminalScreen Peek()
    {
        lock (gate)
        {
            return new TerminalScreen
            {
                Pid = Pid,
                Screen = CleanText.OfFile(screen.Text),
                CursorRow = screen.CursorRow,
                CursorColumn = screen.CursorColumn,
                Title = screen.Title.Length == 0 ? null : CleanText.OfFile(screen.Title),
                ExitCode = end.IsCompletedSuccessfully ? end.Result : null,
                Closed = end.IsCompleted ? true : null,
            };
        }
    }

    /// <summary>Lets go of it; it stays open in its sandbox.</summary>
    public async ValueTask DisposeAsync()
    {
        await handle!.DisposeAsync();
        await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Show(ReadOnlyMemory<byte> data)
    {
        TaskCompletionSource signal;
        string replies;
        lock (gate)
        {
            parser.Feed(data.Span);
            replies = screen.TakeReplies();
            lastChange = Stopwatch.GetTimestamp();
            (signal, changed) = (changed, NewSignal());
        }

        signal.TrySetResult();
        if (replies.Length > 0 && handle is { } answered) _ = AnswerAsync(answered, replies);
    }

    private static async Task AnswerAsync(PtyHandle handle, string replies)
    {
        try
        {
            await handle.SendInputAsync(replies);
        }
        catch (SandboxException)
        {
            // It has closed; nobody waits for the answer.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
