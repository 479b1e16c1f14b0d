using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;

namespace Moru.Tools;

/// <summary>The tool that runs code with state. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class CodeTools(SandboxSession session)
{
    private const int DefaultSeconds = 45;

    /// <summary>What is shown of prints however long the value and the error are.</summary>
    private const int MinRoom = 2_000;

    [Description("Run code; variables are kept between calls. Returns prints, last value, errors, and plots as images.")]
    public Task<CodeOutput> RunAsync(
        [Description("Source code")] string code,
        [Description("Language"), AllowedValues("python", "javascript")] string language = "python",
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("Time limit"), Range(1, CommandTools.MaxWaitSeconds)] int timeout_seconds = DefaultSeconds,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var timeout = TimeSpan.FromSeconds(timeout_seconds);
        var chosen = language == "python" ? Language.Python : Language.JavaScript;
        var request = new KernelRequest(code) { Progress = progress };
        return session.UseAsync(sandbox_id, timeout, sandbox => RunAsync(sandbox, chosen, request, timeout, sandbox_id, cancellationToken), cancellationToken);
    }

    private async Task<CodeOutput> RunAsync(Sandbox sandbox, Language language, KernelRequest request, TimeSpan timeout, string? sandboxId, CancellationToken cancellationToken)
    {
        var (kernel, replaced) = await session.Kernels.GetAsync(sandbox, language, null, cancellationToken);
        var answer = await kernel.RunAsync(request, timeout, cancellationToken);
        if (answer.Ending is not null) await session.Kernels.RemoveAsync(kernel);
        if (kernel.Missing)
            throw new ToolException($"There is no {language.Program} in sandbox {sandbox.SandboxId}. Install it with {ToolCall.Write("run_command", ("command", $"sudo apt-get update && sudo apt-get install -y {language.Package}"), ("sandbox_id", sandboxId))}, or work in a sandbox of the template base, which has it: {ToolCall.Write("create_sandbox", ("template", "base"))}.");

        answer = answer with { Value = CodeOutput.Show(answer.Value), Error = CodeOutput.Show(answer.Error) };
        var output = CodeOutput.From(answer, await PrintedAsync(sandbox, kernel, answer, sandboxId, cancellationToken), (int)timeout.TotalSeconds, sandboxId);
        return replaced ? output with { Note = $"The interpreter of earlier calls had ended, so their variables are lost. {output.Note}".TrimEnd() } : output;
    }

    /// <summary>A long output, which stays in files until the next run, and that of an interpreter that is gone; null: the answer has all.</summary>
    private static async Task<CommandOutput?> PrintedAsync(Sandbox sandbox, Kernel kernel, KernelAnswer answer, string? sandboxId, CancellationToken cancellationToken)
    {
        var room = CommandReport.Budget - Size(answer.Value) - Size(answer.Error);
        if (answer.Stdout is not null && Size(answer.Stdout) + Size(answer.Stderr) <= room) return null;
        try
        {
            return await CommandRun.ReadAsync(sandbox, kernel.Pid, null, TimeSpan.Zero, sandboxId, cancellationToken, Math.Max(room, MinRoom));
        }
        catch (SandboxTimeoutException error)
        {
            throw new ToolException($"The code has run, but sandbox {sandbox.SandboxId} was paused or ended before its output was read. If it is still there, read it with {ToolCall.Write("read_output", ("pid", kernel.Pid), ("sandbox_id", sandbox.SandboxId))}.", error);
        }
    }

    private static int Size(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);
}
