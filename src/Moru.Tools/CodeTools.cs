using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Moru.Tools;

/// <summary>The tool that runs code with state. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class CodeTools(SandboxSession session)
{
    private const int DefaultSeconds = 45;

    /// <summary>What is shown of prints however long the value and the error are.</summary>
    private const int MinRoom = 2_000;

    [Description("Run code; variables are kept between calls. Returns prints, last value, errors, and plots as images.")]
    public Task<CodeOutput> RunAsync(
        [Description("Source")] string code,
        [Description("Which"), AllowedValues("python", "javascript")] string language = "python",
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("Then interrupted"), Range(1, CommandTools.MaxWaitSeconds)] int timeout_seconds = DefaultSeconds,
        CancellationToken cancellationToken = default)
    {
        var timeout = TimeSpan.FromSeconds(timeout_seconds);
        var chosen = language == "python" ? Language.Python : Language.JavaScript;
        return session.UseAsync(sandbox_id, timeout, sandbox => RunAsync(sandbox, chosen, code, timeout, sandbox_id, cancellationToken), cancellationToken);
    }

    private async Task<CodeOutput> RunAsync(Sandbox sandbox, Language language, string code, TimeSpan timeout, string? sandboxId, CancellationToken cancellationToken)
    {
        var (kernel, replaced) = await session.Kernels.GetAsync(sandbox, language);
        var answer = await kernel.RunAsync(new(code), timeout, cancellationToken);
        if (answer is null) await session.Kernels.RemoveAsync(kernel);
        if (kernel.Missing)
            throw new ToolException($"There is no {language.Program} in sandbox {sandbox.SandboxId}. Install it with {ToolCall.Write("run_command", ("command", $"sudo apt-get update && sudo apt-get install -y {language.Package}"), ("sandbox_id", sandboxId))}, or work in a sandbox of the template base, which has it: {ToolCall.Write("create_sandbox", ("template", "base"))}.");

        // All of a long output stays in files until the next run; so does that of an interpreter that is gone.
        var room = CommandReport.Budget - (answer?.Value?.Length ?? 0) - (answer?.Error?.Length ?? 0);
        var printed = answer?.Stdout is null || answer.Stdout.Length + answer.Stderr!.Length > room
            ? await CommandRun.ReadAsync(sandbox, kernel.Pid, null, TimeSpan.Zero, sandboxId, cancellationToken, Math.Max(room, MinRoom))
            : null;
        var output = CodeOutput.From(answer, printed, (int)timeout.TotalSeconds);
        return replaced ? output with { Note = $"The interpreter of earlier calls had ended, so their variables are lost. {output.Note}".TrimEnd() } : output;
    }
}
