using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
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

    public static async Task<Kernel> StartAsync(Sandbox sandbox, Language language, string? directory, CancellationToken cancellationToken)
    {
        if (directory is not null) await MakeDirectoryAsync(sandbox, directory, cancellationToken);
        var kernel = new Kernel(sandbox);
        var options = new CommandOptions { Cwd = directory, Timeout = TimeSpan.Zero, Stdin = true, OutputLimit = 4_096, OnStdout = kernel.Take };
        kernel.handle = await sandbox.Commands.StartAsync(language.Script, options, cancellationToken);
        kernel.watching = kernel.WatchAsync();
        return kernel;
    }

    /// <summary>Makes a directory that every user of the sandbox may write to.</summary>
    public static Task MakeDirectoryAsync(Sandbox sandbox, string path, CancellationToken cancellationToken) =>
        sandbox.Commands.RunAsync($"install -d -m 1777 {CommandScript.Quote(path)}", CommandRun.AsRoot, cancellationToken);

    /// <summary>Runs code, one call after another.</summary>
    /// <returns>The answer; null when the time was over and an interrupt did not help, or the interpreter ended. Then <see cref="Ended"/> is true.</returns>
    public async Task<KernelAnswer?> RunAsync(KernelRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await SendAsync(new KernelRun(++runs, request.Code, request.Files, request.OnCall is not null), ToolJson.Default.KernelRun, cancellationToken);
            return await AnswerAsync(timeout, request.OnCall, cancellationToken) ?? (Ended ? null : await InterruptAsync());
        }
        catch (SandboxException error) when (error is NotFoundException || error.GetType() == typeof(SandboxException))
        {
            // It has ended, or has closed its input, as all do just before they end.
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

    private Task SendAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) => handle!.SendStdinAsync(JsonSerializer.Serialize(message, type) + "\n", cancellationToken);

    private async Task<KernelAnswer?> AnswerAsync(TimeSpan timeout, Func<KernelCall, CancellationToken, Task<KernelReply>>? onCall, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            while (true)
            {
                var line = await answers.Reader.ReadAsync(limit.Token);
                if (JsonSerializer.Deserialize(line, ToolJson.Default.KernelAnswer) is { } read && read.Id == runs)
                {
                    if (read.Call is not { } call) return read;
                    if (onCall is not null) await SendAsync(await onCall(call, limit.Token).WaitAsync(limit.Token), ToolJson.Default.KernelReply, limit.Token);
                }
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
            if (await AnswerAsync(InterruptPatience, null, CancellationToken.None) is { } answered) return answered with { Interrupted = answered.Error is not null };
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
