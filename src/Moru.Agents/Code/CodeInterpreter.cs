using System.Text.Json;
using Microsoft.Extensions.AI;
using Moru.Tools;

namespace Moru.Agents;

/// <summary>
/// Python in the sandbox of a conversation, in <c>/mnt/data</c>. Variables stay from one run to the next, until the sandbox ends or a run has to be killed. One run at a
/// time; others wait. Get it from <see cref="AgentSandbox.Python"/>, with which it ends.
/// </summary>
public sealed class CodeInterpreter
{
    /// <summary>How long a run may take unless told otherwise: 100 s.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(100);

    internal const string DataDirectory = "/mnt/data";

    private const string StateLost = "Variables and imports of earlier runs are lost; files are kept.";
    private const int MaxReply = 1 << 20;
    private const long MaxImage = 1 << 20;

    private readonly SandboxSession session;

    internal CodeInterpreter(SandboxSession session) => this.session = session;

    /// <summary>Runs Python code.</summary>
    /// <param name="code">Any number of lines. The value of the last one is in the result.</param>
    /// <param name="timeout">After this it is interrupted, and killed when that does not help; null: <see cref="DefaultTimeout"/>.</param>
    /// <param name="tools">What the code may call with <c>call_tool(name, argument=value, …)</c>; null: nothing.</param>
    /// <param name="cancellationToken">Interrupts the run as its timeout would, then throws.</param>
    /// <returns>What it did. An exception in the code is a result.</returns>
    /// <exception cref="SandboxException">There is no sandbox, or it has no Python.</exception>
    public async Task<CodeResult> RunAsync(
        string code, TimeSpan? timeout = null, IReadOnlyCollection<AIFunction>? tools = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(code);
        var limit = timeout ?? DefaultTimeout;
        var sandbox = await session.GetAsync(limit, cancellationToken);
        var (kernel, _) = await session.Kernels.GetAsync(sandbox, Language.Python, DataDirectory, cancellationToken);
        var request = new KernelRequest(code) { Files = DataDirectory, OnCall = tools is null ? null : (call, cancel) => AnswerAsync(call, tools, cancel) };
        try
        {
            var answer = await kernel.RunAsync(request, limit, cancellationToken);
            if (answer.Ending is not null) await session.Kernels.RemoveAsync(kernel);
            return kernel.Missing
                ? throw new SandboxException($"Python did not start in sandbox '{sandbox.SandboxId}': it has no python3. Use a template that has it, such as base.")
                : await ResultAsync(sandbox, kernel, answer, limit, cancellationToken);
        }
        catch (ToolException error)
        {
            throw new SandboxException(error.Message, error);
        }
    }

    /// <summary>Makes the directory where code finds its inputs and leaves its files.</summary>
    internal static Task PrepareAsync(Sandbox sandbox, CancellationToken cancellationToken) => Kernel.MakeDirectoryAsync(sandbox, DataDirectory, cancellationToken);

    private static async Task<CodeResult> ResultAsync(Sandbox sandbox, Kernel kernel, KernelAnswer answer, TimeSpan limit, CancellationToken cancellationToken)
    {
        var printed = answer.Stdout is null ? await CommandRun.ReadAsync(sandbox, kernel.Pid, null, TimeSpan.Zero, null, cancellationToken) : null;
        return new CodeResult
        {
            Stdout = printed?.Stdout ?? answer.Stdout!,
            Stderr = printed?.Stderr ?? answer.Stderr!,
            Value = answer.Value,
            Error = answer.Interrupted ? $"Interrupted after {limit.TotalSeconds:0.#} s, its time limit. {(answer.Ending is null ? "" : StateLost)}".TrimEnd()
                : answer.Ending is { } ending ? $"Python has ended: {ending}. {StateLost}"
                : answer.Error,
            Images = await ImagesAsync(sandbox, answer.Images, cancellationToken),
            Files = [.. answer.Files.Select(file => new CodeFile(file.Path, file.Size))],
        };
    }

    private static async Task<KernelReply> AnswerAsync(KernelCall call, IReadOnlyCollection<AIFunction> tools, CancellationToken cancellationToken)
    {
        if (tools.FirstOrDefault(tool => tool.Name == call.Tool) is not { } wanted)
            return new(null, $"There is no tool '{call.Tool}'. There are: {string.Join(", ", tools.Select(tool => tool.Name))}.");
        try
        {
            var arguments = new AIFunctionArguments(call.Arguments?.ToDictionary(pair => pair.Key, pair => (object?)pair.Value));
            var result = await wanted.InvokeAsync(arguments, cancellationToken);
            if (result is IEnumerable<AIContent> contents) result = string.Concat(contents.OfType<TextContent>()); // code cannot look at pictures
            var value = JsonSerializer.SerializeToElement(result, AIJsonUtilities.DefaultOptions);
            return value.GetRawText().Length is var length && length <= MaxReply
                ? new(value, null)
                : new(null, $"{call.Tool} returned {length} characters of JSON; at most {MaxReply} reach the code. Ask it for less.");
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, $"{call.Tool} failed: {error.Message}");
        }
    }

    /// <summary>The originals: what the interpreter answers are copies that suit a model.</summary>
    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ImagesAsync(Sandbox sandbox, IReadOnlyList<KernelImage> images, CancellationToken cancellationToken)
    {
        var originals = new List<ReadOnlyMemory<byte>>();
        foreach (var path in images.Select(image => image.Original?.Path).OfType<string>().Where(path => path.EndsWith(".png", StringComparison.Ordinal)))
        {
            try
            {
                if ((await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken)).SizeBytes <= MaxImage)
                    originals.Add(await sandbox.Files.ReadBytesAsync(path, cancellationToken: cancellationToken));
            }
            catch (NotFoundException)
            {
                // The code has taken it away.
            }
        }

        return originals;
    }
}
