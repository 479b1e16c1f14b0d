using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// What a process reads. Inputs of several callers are written one after the other, each whole. While the process does not read, its
/// callers wait, and envd holds no more than the one message of each.
/// </summary>
internal sealed class InputQueue(Launched process) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Writes an input to the end.</summary>
    /// <exception cref="ConnectException">The process has no such input, or reads no more.</exception>
    public async Task WriteAsync(ProcessInput? input, CancellationToken cancellationToken)
    {
        var bytes = BytesOf(input);
        var end = process.Input ?? throw Refused($"process {process.Pid} has no stdin; start it with stdin true");
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await end.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException)
        {
            throw Refused($"process {process.Pid} has closed its {(process.HasTerminal ? "terminal" : "stdin")}");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="ConnectException">The process has no terminal, or has left it.</exception>
    public void Resize(TerminalSize size)
    {
        if (!process.HasTerminal) throw Refused($"process {process.Pid} has no terminal; start it with pty");
        try
        {
            process.Output.Resize(size);
        }
        catch (IOException)
        {
            throw Refused($"process {process.Pid} has closed its terminal");
        }
    }

    /// <summary>Closes the process's input; callers that wait for it are refused. Not the semaphore: they still leave through it.</summary>
    public void Dispose() => process.Input?.Dispose();

    private ReadOnlyMemory<byte> BytesOf(ProcessInput? input) => (input?.Stdin, input?.Pty, process.HasTerminal) switch
    {
        ({ } bytes, null, false) => bytes,
        (null, { } bytes, true) => bytes,
        ({ }, null, true) => throw Refused($"process {process.Pid} has a terminal and no stdin; send its input as pty"),
        (null, { }, false) => throw Refused($"process {process.Pid} has no terminal; send its input as stdin"),
        _ => throw new ConnectException(ConnectCode.InvalidArgument, "input needs exactly one of stdin and pty"),
    };

    private static ConnectException Refused(string message) => new(ConnectCode.Internal, message);
}
