using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Moru.Protocol;

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
    private readonly SemaphoreSlim attaching = new(1, 1);
    private readonly List<PatternWait> waits = [];
    private Sandbox sandbox;
    private PtyHandle? handle;
    private Task<int> end = Task.FromResult(0);
    private Task answering = Task.CompletedTask;
    private volatile bool stale;
    private volatile bool gone;
    private long lastChange = Stopwatch.GetTimestamp();
    private bool hasSpoken;
    private TaskCompletionSource changed = NewSignal();

    private Terminal(Sandbox sandbox, int columns, int rows)
    {
        this.sandbox = sandbox;
        screen = new Screen(columns, rows);
        parser = new VtParser(screen);
    }

    public int Pid => handle!.Pid;

    /// <summary>Whether its shell or program has ended.</summary>
    public bool Closed => gone || end.IsCompletedSuccessfully;

    /// <summary>Whether nothing is heard of it, because its sandbox was paused, has ended or is out of reach.</summary>
    public bool Cut => !Closed && (stale || end.IsCompleted);

    public static async Task<Terminal> OpenAsync(Sandbox sandbox, string? command, PtyOptions options)
    {
        var terminal = new Terminal(sandbox, options.Cols, options.Rows);
        var heard = options with { OnData = terminal.Show };
        terminal.handle = command is null
            ? await sandbox.Pty.CreateAsync(heard, CancellationToken.None)
            : await sandbox.Pty.StartAsync(command, heard, CancellationToken.None);
        terminal.end = terminal.handle.WaitAsync(CancellationToken.None);
        terminal.answering = terminal.AnswerAsync();
        return terminal;
    }

    /// <summary>Does not trust the connection any more: the next use makes a new one.</summary>
    public void Stale() => stale = true;

    /// <summary>Takes hold of it again when it was cut. What is not there any more has closed.</summary>
    /// <returns>Whether it had been cut, so that what it showed meanwhile is missing.</returns>
    /// <exception cref="SandboxException">The sandbox does not answer.</exception>
    public async Task<bool> AttachAsync(Sandbox current, CancellationToken cancellationToken)
    {
        await attaching.WaitAsync(cancellationToken);
        try
        {
            if (!Cut) return false;
            await handle!.DisposeAsync();
            handle = await current.Pty.ConnectAsync(Pid, Show, cancellationToken);
            (sandbox, end, stale) = (current, handle.WaitAsync(CancellationToken.None), false);
            return true;
        }
        catch (NotFoundException)
        {
            gone = true;
            return true;
        }
        finally
        {
            attaching.Release();
        }
    }

    /// <summary>What became of the sandbox of a terminal that was cut; null when it has ended, and the terminal with it.</summary>
    public async Task<SandboxState?> SandboxStateAsync(CancellationToken cancellationToken)
    {
        var state = await SessionSandbox.StateOrDefaultAsync(sandbox, cancellationToken);
        gone |= state is null;
        return state;
    }

    /// <summary>Waits until the program has written something and is at rest, or until it has written nothing for long.</summary>
    public async Task BeginAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        Task first;
        lock (gate) first = hasSpoken ? Task.CompletedTask : changed.Task;
        await WaitAsync(Task.WhenAny(first, end), FirstWordPatience, cancellationToken);
        await SettleAsync(patience, cancellationToken);
    }

    public async Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken)
    {
        lock (gate) screen.Resize(columns, rows);
        await UnlessClosedAsync(handle!.ResizeAsync(columns, rows, cancellationToken));
    }

    /// <summary>Types text, then presses keys, if any; waits until the screen is at rest, or until its end.</summary>
    /// <returns>False when the time was over before.</returns>
    public async Task<bool> UseAsync(string? text, string? keys, TimeSpan patience, CancellationToken cancellationToken)
    {
        await TypeAsync(Input(text, keys), cancellationToken);
        return await SettleAsync(patience, cancellationToken);
    }

    /// <summary>Types text, then presses keys, if any; waits until what then comes, or without them what was not seen yet, fits a pattern, or until its end.</summary>
    /// <returns>Whether it does.</returns>
    public async Task<bool> UseAsync(string? text, string? keys, Regex pattern, TimeSpan patience, CancellationToken cancellationToken)
    {
        var input = Input(text, keys);
        var wait = new PatternWait(pattern, input);
        lock (gate)
        {
            if (input.Length > 0) screen.Mark();
            else screen.MarkUnseen();
            waits.Add(wait);
            wait.Look(screen);
        }

        try
        {
            await TypeAsync(input, cancellationToken);
            await WaitAsync(Task.WhenAny(wait.Found, end), patience, cancellationToken);
            return wait.Found.IsCompleted;
        }
        finally
        {
            lock (gate) waits.Remove(wait);
        }
    }

    /// <summary>What is on the screen now, and what has left it since the last look.</summary>
    public TerminalScreen Look(string? note)
    {
        lock (gate)
        {
            var lost = screen.Lost;
            return Peek() with { Scrolled = TerminalScreen.Shorten(screen.TakeScrolled(), lost), Note = note };
        }
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
                Title = screen.Title.Length == 0 ? null : CleanText.OfName(screen.Title),
                ExitCode = end.IsCompletedSuccessfully ? end.Result : null,
                Closed = Closed ? true : null,
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
            Feed(data.Span);
            if (screen.TakeReplies() is { Length: > 0 } reply) replies.Writer.TryWrite(reply);
            (lastChange, hasSpoken) = (Stopwatch.GetTimestamp(), true);
            (signal, changed) = (changed, NewSignal());
        }

        signal.TrySetResult();
    }

    // In pieces of fewer lines than are kept, so that a pattern misses none.
    private void Feed(ReadOnlySpan<byte> data)
    {
        while (waits.Count > 0 && data.Length > Screen.MaxScrolled / 2)
        {
            parser.Feed(data[..(Screen.MaxScrolled / 2)]);
            data = data[(Screen.MaxScrolled / 2)..];
            foreach (var wait in waits) wait.Look(screen);
        }

        parser.Feed(data);
        foreach (var wait in waits) wait.Look(screen);
    }

    private string Input(string? text, string? keys)
    {
        lock (gate) return text?.Replace("\r\n", "\r", StringComparison.Ordinal).Replace('\n', '\r') + (keys is null ? "" : Keys.Send(keys, screen.ApplicationCursor));
    }

    private async Task TypeAsync(string input, CancellationToken cancellationToken)
    {
        if (input.Length == 0) return;
        lock (gate) lastChange = Stopwatch.GetTimestamp(); // the answer is yet to come
        try
        {
            await UnlessClosedAsync(handle!.SendInputAsync(input, cancellationToken));
        }
        catch (SandboxTimeoutException error)
        {
            stale = true; // or the old connection would come back by itself when the answer has gone by
            if (ToolErrors.IsGone(error)) throw; // it was not typed, so that the call may be made again
        }
    }

    private static async Task UnlessClosedAsync(Task use)
    {
        try
        {
            await use;
        }
        catch (NotFoundException)
        {
            // Its last screen says why.
        }
    }

    private async Task<bool> SettleAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task signal;
            TimeSpan rest;
            lock (gate) (signal, rest) = (changed.Task, Idle - Stopwatch.GetElapsedTime(lastChange));
            if (end.IsCompleted || rest <= TimeSpan.Zero) return true;
            var left = patience - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return false;
            await WaitAsync(Task.WhenAny(signal, end), rest < left ? rest : left, cancellationToken);
        }
    }

    private async Task AnswerAsync()
    {
        await foreach (var reply in replies.Reader.ReadAllAsync())
        {
            try
            {
                await handle!.SendInputAsync(reply);
            }
            catch (SandboxException)
            {
                // It has closed or is cut; nobody waits for the answer.
            }
        }
    }

    private static async Task WaitAsync(Task either, TimeSpan patience, CancellationToken cancellationToken)
    {
        await either.WaitAsync(patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
