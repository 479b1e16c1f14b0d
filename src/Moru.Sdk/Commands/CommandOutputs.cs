using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Moru.Protocol;

namespace Moru;

/// <summary>Both output streams of a command: kept within a limit, told to callbacks, and followed by any number of readers.</summary>
internal sealed class CommandOutputs(CommandOptions options)
{
    private readonly Lock gate = new();
    private readonly OutputBuffer stdout = new(options.OutputLimit);
    private readonly OutputBuffer stderr = new(options.OutputLimit);
    private Channel<CommandEvent>[] readers = [];
    private bool ended;
    private Exception? failure;
    private ExitEvent? exit;

    public string Stdout
    {
        get
        {
            lock (gate) return stdout.ToString();
        }
    }

    public string Stderr
    {
        get
        {
            lock (gate) return stderr.ToString();
        }
    }

    public ValueTask TakeAsync(ProcessData data, CancellationToken cancellationToken) =>
        TakeAsync((data.Stdout ?? default).Span, (data.Stderr ?? default).Span, flush: false, cancellationToken);

    /// <summary>Takes the end: the readers see it after everything else.</summary>
    public async ValueTask EndAsync(ProcessEnded? end, Exception? error, CancellationToken cancellationToken)
    {
        if (end is not null) await TakeAsync([], [], flush: true, cancellationToken).ConfigureAwait(false);
        Channel<CommandEvent>[] last;
        lock (gate)
        {
            exit = end is null ? null : new ExitEvent(end.ExitCode, end.Error);
            (ended, failure, last) = (true, error, readers);
        }

        foreach (var reader in last)
        {
            if (exit is not null) await WriteAsync(reader, exit, cancellationToken).ConfigureAwait(false);
            reader.Writer.TryComplete(error);
        }
    }

    /// <summary>What is kept of the time before, then everything as it comes. A reader who is slow holds up the command.</summary>
    public async IAsyncEnumerable<CommandEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = Channel.CreateBounded<CommandEvent>(new BoundedChannelOptions(16) { SingleReader = true });
        string before, errorsBefore;
        lock (gate)
        {
            (before, errorsBefore) = (stdout.ToString(), stderr.ToString());
            if (!ended) readers = [.. readers, reader];
            else if (exit is not null) reader.Writer.TryWrite(exit);
            if (ended) reader.Writer.TryComplete(failure);
        }

        try
        {
            if (before.Length > 0) yield return new StdoutEvent(before);
            if (errorsBefore.Length > 0) yield return new StderrEvent(errorsBefore);
            await foreach (var happened in reader.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return happened;
        }
        finally
        {
            lock (gate) readers = [.. readers.Where(each => each != reader)];
            reader.Writer.TryComplete();
        }
    }

    public CommandResult Result(ProcessEnded end, int gaps)
    {
        lock (gate)
        {
            return new CommandResult
            {
                ExitCode = end.ExitCode,
                Stdout = stdout.ToString(),
                Stderr = stderr.ToString(),
                Error = end.Error,
                StdoutDropped = stdout.Dropped,
                StderrDropped = stderr.Dropped,
                Gaps = gaps,
            };
        }
    }

    private ValueTask TakeAsync(ReadOnlySpan<byte> output, ReadOnlySpan<byte> errors, bool flush, CancellationToken cancellationToken)
    {
        string text, errorText;
        Channel<CommandEvent>[] now;
        lock (gate)
        {
            (text, errorText, now) = (stdout.Append(output, flush), stderr.Append(errors, flush), readers);
        }

        return PublishAsync(text, errorText, now, cancellationToken);
    }

    private async ValueTask PublishAsync(string text, string errorText, Channel<CommandEvent>[] now, CancellationToken cancellationToken)
    {
        if (text.Length > 0)
        {
            options.OnStdout?.Invoke(text);
            foreach (var reader in now) await WriteAsync(reader, new StdoutEvent(text), cancellationToken).ConfigureAwait(false);
        }

        if (errorText.Length > 0)
        {
            options.OnStderr?.Invoke(errorText);
            foreach (var reader in now) await WriteAsync(reader, new StderrEvent(errorText), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async ValueTask WriteAsync(Channel<CommandEvent> reader, CommandEvent happened, CancellationToken cancellationToken)
    {
        try
        {
            await reader.Writer.WriteAsync(happened, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // This reader has left; a wait for room in its queue ends with it.
        }
    }
}
