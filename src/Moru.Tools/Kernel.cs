using System.Globalization;

namespace Moru.Tools;

/// <summary>
/// An interpreter in a sandbox that keeps its state between runs. It takes code on its input and answers on its output, one line each;
/// what the code prints goes to the files of <see cref="CommandScript"/>, as that of any command. A pause of the sandbox cuts the
/// connection to it, which the next use makes again.
/// </summary>
internal sealed partial class Kernel : IAsyncDisposable
{
    private const string Unreadable = "what it answered could not be read, since the code had written into its line or the answer was too long";

    private static readonly TimeSpan InterruptPatience = TimeSpan.FromSeconds(3);

    private readonly Language language;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly SemaphoreSlim attaching = new(1, 1);
    private Sandbox sandbox;
    private KernelLines lines = new();
    private CommandHandle? handle;
    private Task watching = Task.CompletedTask;
    private volatile bool cut;

    private Kernel(Sandbox sandbox, Language language) => (this.sandbox, this.language) = (sandbox, language);

    /// <summary>Its process id.</summary>
    public int Pid => handle!.Pid;

    /// <summary>How it has ended, with all its state; null: it goes on.</summary>
    public string? Ending { get; private set; }

    /// <summary>Whether it never began, because the sandbox has no such interpreter.</summary>
    public bool Missing { get; private set; }

    public static async Task<Kernel> StartAsync(Sandbox sandbox, Language language, string? directory, CancellationToken cancellationToken)
    {
        if (directory is not null) await MakeDirectoryAsync(sandbox, directory, cancellationToken);
        var kernel = new Kernel(sandbox, language);
        var options = Options(kernel.lines) with { Cwd = directory, Timeout = TimeSpan.Zero, Stdin = true };
        kernel.handle = await sandbox.Commands.StartAsync(language.Script, options, cancellationToken);
        kernel.watching = kernel.WatchAsync(kernel.handle, kernel.lines);
        return kernel;
    }

    /// <summary>Makes a directory that every user of the sandbox may write to.</summary>
    public static Task MakeDirectoryAsync(Sandbox sandbox, string path, CancellationToken cancellationToken) =>
        sandbox.Commands.RunAsync($"install -d -m 1777 {CommandScript.Quote(path)}", CommandRun.AsRoot, cancellationToken);

    /// <summary>Does not trust the connection any more: the next use makes a new one.</summary>
    public void Cut() => cut = true;

    /// <summary>Takes hold of it again when the connection was cut. What is not there any more has ended.</summary>
    /// <param name="current">Its sandbox.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SandboxException">The sandbox does not answer.</exception>
    public async Task AttachAsync(Sandbox current, CancellationToken cancellationToken)
    {
        if (!cut || Ending is not null) return;
        await attaching.WaitAsync(cancellationToken);
        try
        {
            if (!cut || Ending is not null) return;
            var running = await current.Commands.ListAsync(cancellationToken);
            if (!running.Any(process => process.Pid == Pid && process.Args.Contains(language.Script)))
            {
                Ending = "it was gone when the connection to it, which had been lost, was made again";
                return;
            }

            await handle!.DisposeAsync();
            await watching;
            lines = new();
            handle = await current.Commands.ConnectAsync(Pid, Options(lines), cancellationToken);
            (sandbox, cut) = (current, false);
            watching = WatchAsync(handle, lines);
        }
        finally
        {
            attaching.Release();
        }
    }

    /// <summary>Ends the interpreter.</summary>
    public async ValueTask DisposeAsync()
    {
        Ending ??= "its session was over";
        await CommandRun.KillAsync(handle!);
        await handle!.DisposeAsync();
        await watching;
    }

    private async Task WatchAsync(CommandHandle watched, KernelLines fresh)
    {
        try
        {
            var end = watched.WaitAsync(CancellationToken.None);
            if (await Task.WhenAny(end, fresh.Flooded) == fresh.Flooded)
            {
                Ending ??= Unreadable;
                await CommandRun.KillAsync(watched);
            }

            await end;
            Ending ??= "it left with exit code 0";
        }
        catch (CommandExitException exit)
        {
            Missing = exit.ExitCode == Language.Missing && answered == 0;
            Ending ??= exit.ExitCode >= 0
                ? string.Create(CultureInfo.InvariantCulture, $"it left with exit code {exit.ExitCode}")
                : $"it was ended from outside ({exit.Result.Error}), as when the memory of the sandbox is used up";
        }
        catch (SandboxException)
        {
            cut = true;
        }

        fresh.End();
    }

    private static CommandOptions Options(KernelLines fresh) => new() { OutputLimit = 4_096, OnStdout = fresh.Take };
}
