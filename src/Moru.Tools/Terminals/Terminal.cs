using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace Moru.Tools;

/// <summary>An open terminal and its screen. Thread-safe.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    /// <summary>Silence after which a program waits for input rather than thinks.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(0.4);

    /// <summary>How long a program may take until it writes something; many write nothing before they are asked.</summary>
    private static readonly TimeSpan FirstWordPatience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Screen screen;
    private readonly VtParser parser;
    // Answers to questions of the program; when it asks faster than it reads, the newest are lost.
    private readonly Channel<string> replies = Channel.CreateBounded<string>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropWrite });
    private PtyHandle? handle;
    private Task<int> end = Task.FromResult(0);
    private Task answering = Task.CompletedTask;
    private long lastChange = Stopwatch.GetTimestamp();
    private bool hasSpoken;
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
        terminal.answering = terminal.AnswerAsync(terminal.handle);
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

    /// <summary>Waits until the program has written something and is at rest, or until it has written nothing for long.</summary>
    public async Task BeginAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task first;
        lock (gate) first = hasSpoken ? Task.CompletedTask : changed.Task;
        await WaitAsync(Task.WhenAny(first, end), FirstWordPatience, cancellationToken);
        await SettleAsync(null, patience, cancellationToken);
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
            await WaitAsync(Task.WhenAny(signal, end), wait, cancellationToken);
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
        replies.Writer.TryComplete();
        await handle!.DisposeAsync();
        await ((Task)end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await answering;
    }

    private void Show(ReadOnlyMemory<byte> data)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            parser.Feed(data.Span);
            if (screen.TakeReplies() is { Length: > 0 } reply) replies.Writer.TryWrite(reply);
            (lastChange, hasSpoken) = (Stopwatch.GetTimestamp(), true);
            (signal, changed) = (changed, NewSignal());
        }

        signal.TrySetResult();
    }

    private async Task AnswerAsync(PtyHandle asking)
    {
        try
        {
            await foreach (var reply in replies.Reader.ReadAllAsync()) await asking.SendInputAsync(reply);
        }
        catch (SandboxException)
        {
            // It has closed; nobody waits for the answer.
        }
    }

    private static async Task WaitAsync(Task either, TimeSpan patience, CancellationToken cancellationToken)
    {
        await either.WaitAsync(patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
