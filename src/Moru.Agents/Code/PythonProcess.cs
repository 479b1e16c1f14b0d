using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Moru.Agents;

/// <summary>A Python that runs in a sandbox and takes code from here, over its standard streams.</summary>
internal sealed class PythonProcess : IAsyncDisposable
{
    public const string DataDirectory = "/mnt/data";

    // Room for the largest true answer: eight images of 1 MiB and the texts. More comes only from code that writes to our stream.
    private const int MaxLine = 16 << 20;

    private const string Program = "/tmp/.moru-interpreter.py";

    private static readonly string Source = ReadSource();

    private readonly Sandbox sandbox;
    private readonly CommandHandle handle;
    // When full, Python waits; it writes one line at a time and then waits for an answer or for code.
    private readonly Channel<string> lines = Channel.CreateBounded<string>(4);
    private readonly Task pump;

    private PythonProcess(Sandbox sandbox, CommandHandle handle)
    {
        (this.sandbox, this.handle) = (sandbox, handle);
        pump = PumpAsync();
    }

    public string SandboxId => sandbox.SandboxId;

    public static async Task<PythonProcess> StartAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        await PrepareAsync(sandbox, cancellationToken);
        await sandbox.Files.WriteAsync(Program, Source, cancellationToken: cancellationToken);
        var options = new CommandOptions { Cwd = DataDirectory, Timeout = TimeSpan.Zero, Stdin = true, OutputLimit = 16 << 10 };
        var process = new PythonProcess(sandbox, await sandbox.Commands.StartAsync($"exec python3 -u {Program}", options, cancellationToken));
        try
        {
            return await process.ReceiveAsync(cancellationToken) is { Ready: true }
                ? process
                : throw new SandboxException($"Python did not start in sandbox '{sandbox.SandboxId}': {process.handle.Stderr.Trim()} Use a template that has python3.");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the directory where code finds its inputs and leaves its files.</summary>
    public static Task PrepareAsync(Sandbox sandbox, CancellationToken cancellationToken) =>
        sandbox.Commands.RunAsync($"install -d -m 1777 {DataDirectory}", new CommandOptions { User = "root" }, cancellationToken);

    public Task SendAsync(CodeRequest request, CancellationToken cancellationToken) =>
        SendAsync(JsonSerializer.Serialize(request, InterpreterJson.Default.CodeRequest), cancellationToken);

    public Task SendAsync(ToolAnswer answer, CancellationToken cancellationToken) =>
        SendAsync(JsonSerializer.Serialize(answer, InterpreterJson.Default.ToolAnswer), cancellationToken);

    /// <summary>Returns the next message; null when Python has ended.</summary>
    public async Task<InterpreterMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await lines.Reader.ReadAsync(cancellationToken), InterpreterJson.Default.InterpreterMessage);
        }
        catch (Exception error) when (error is ChannelClosedException or JsonException)
        {
            return null; // code that writes to our stream has only fooled itself
        }
    }

    /// <summary>Presses Ctrl+C.</summary>
    public Task InterruptAsync(CancellationToken cancellationToken) =>
        sandbox.Commands.RunAsync($"kill -INT {handle.Pid}", cancellationToken: cancellationToken);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await handle.KillAsync();
        }
        catch (SandboxException)
        {
            // It went with its sandbox, or will.
        }

        lines.Writer.TryComplete();
        await handle.DisposeAsync();
        await pump;
    }

    private Task SendAsync(string line, CancellationToken cancellationToken) => handle.SendStdinAsync(line + "\n", cancellationToken);

    private async Task PumpAsync()
    {
        var line = new StringBuilder();
        try
        {
            await foreach (var happened in handle.EventsAsync())
            {
                if (happened is not StdoutEvent { Text: var text }) continue;
                for (int end; (end = text.IndexOf('\n', StringComparison.Ordinal)) >= 0; text = text[(end + 1)..])
                {
                    await lines.Writer.WriteAsync(line.Append(text.AsSpan(0, end)).ToString());
                    line.Clear();
                }

                if (line.Append(text).Length > MaxLine) break;
            }
        }
        catch (Exception error) when (error is SandboxException or ChannelClosedException)
        {
            // The sandbox has ended, or nobody listens any more.
        }

        lines.Writer.TryComplete();
    }

    private static string ReadSource()
    {
        using var reader = new StreamReader(typeof(PythonProcess).Assembly.GetManifestResourceStream("interpreter.py")!);
        return reader.ReadToEnd();
    }
}
