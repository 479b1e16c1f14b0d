using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Moru.Tools;

/// <summary>
/// An interpreter in a sandbox that keeps its state between runs. It takes code on its input and answers on its output, one line each;
/// what the code prints goes to the files of <see cref="CommandScript"/>, as that of any command.
/// </summary>
internal sealed class Kernel : IAsyncDisposable
{
    // A request is bounded by the caller; an answer has four pictures at most.
    private const int MaxAnswer = 4 << 20;

    private static readonly TimeSpan InterruptPatience = TimeSpan.FromSeconds(3);

    private readonly Sandbox sandbox;
    private readonly Channel<string> answers = Channel.CreateBounded<string>(4);
    private readonly StringBuilder answer = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private CommandHandle? handle;
    private Task watching = Task.CompletedTask;
    private int runs;

    private Kernel(Sandbox sandbox) => this.sandbox = sandbox;

    /// <summary>Its process id.</summary>
    public int Pid => handle!.Pid;

    /// <summary>Whether it has ended, with all its state.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether it never began, because the sandbox has no such interpreter.</summary>
    public bool Missing { get; private set; }

    public static async Task<Kernel> StartAsync(Sandbox sandbox, Language language, CancellationToken cancellationToken)
    {
        var kernel = new Kernel(sandbox);
        var options = new CommandOptions { Timeout = TimeSpan.Zero, Stdin = true, OutputLimit = 4_096, OnStdout = kernel.Take };
        kernel.handle = await sandbox.Commands.StartAsync(language.Script, options, cancellationToken);
        kernel.watching = kernel.WatchAsync();
        return kernel;
    }

    /// <summary>Runs code, one call after another.</summary>
    /// <returns>The answer; null when the time was over and an interrupt did not help, or the interpreter ended. Then <see cref="Ended"/> is true.</returns>
    public async Task<KernelAnswer?> RunAsync(string code, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var request = JsonSerializer.Serialize(new { id = ++runs, code });
            await handle!.SendStdinAsync(request + "\n", cancellationToken);
            return await AnswerAsync(timeout, cancellationToken) ?? (Ended ? null : await InterruptAsync());
        }
        catch (NotFoundException)
        {
            await watching.WaitAsync(InterruptPatience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Ended = true;
            return null;
        }
        catch (OperationCanceledException)
        {
            await InterruptAsync();
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Ends the interpreter.</summary>
    public async ValueTask DisposeAsync()
    {
        Ended = true;
        using var patience = new CancellationTokenSource(InterruptPatience);
        try
        {
            await handle!.KillAsync(patience.Token);
        }
        catch (Exception error) when (error is SandboxException or OperationCanceledException)
        {
            // Its sandbox is gone.
        }

        await handle!.DisposeAsync();
        await watching;
    }

    private async Task<KernelAnswer?> AnswerAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            while (true)
            {
                var line = await answers.Reader.ReadAsync(limit.Token);
                if (JsonSerializer.Deserialize<KernelAnswer>(line, ToolSet.Json) is { } read && read.Id == runs) return read;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is ChannelClosedException or JsonException)
        {
            Ended = true; // the code has written into our line, or the interpreter is gone
            return null;
        }
    }

    /// <summary>Stops the code that runs but keeps the state; what does not stop is killed.</summary>
    private async Task<KernelAnswer?> InterruptAsync()
    {
        using var patience = new CancellationTokenSource(InterruptPatience);
        try
        {
            await sandbox.Commands.RunAsync(string.Create(CultureInfo.InvariantCulture, $"kill -INT {Pid}"), CommandRun.AsRoot, patience.Token);
            if (await AnswerAsync(InterruptPatience, CancellationToken.None) is { } interrupted) return interrupted;
        }
        catch (Exception error) when (error is SandboxException or OperationCanceledException)
        {
            // It is killed instead.
        }

        await DisposeAsync();
        return null;
    }

    private void Take(string text)
    {
        answer.Append(text);
        while (text.Contains('\n', StringComparison.Ordinal) && answer.ToString() is var all && all.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end)
        {
            answer.Clear().Append(all, end + 1, all.Length - end - 1);
            answers.Writer.TryWrite(all[..end]);
        }

        if (answer.Length > MaxAnswer) answers.Writer.TryComplete();
    }

    private async Task WatchAsync()
    {
        try
        {
            await handle!.WaitAsync(CancellationToken.None);
        }
        catch (CommandExitException exit)
        {
            Missing = exit.ExitCode == Language.Missing;
        }
        catch (SandboxException)
        {
            // The sandbox is gone, or we let go of the interpreter.
        }

        Ended = true;
        answers.Writer.TryComplete();
    }
}

/// <summary>What an interpreter says of one run.</summary>
internal sealed record KernelAnswer
{
    public required int Id { get; init; }

    public string? Value { get; init; }

    public string? Error { get; init; }

    public bool Interrupted { get; init; }

    /// <summary>Null when the code has printed more than fits.</summary>
    public string? Stdout { get; init; }

    public string? Stderr { get; init; }

    public IReadOnlyList<KernelImage> Images { get; init; } = [];
}

/// <summary>A picture, and where the sandbox keeps the original; null: nowhere.</summary>
internal sealed record KernelImage(string Type, string Data, ToolFile? Original);
