using System.Text.Json;
using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>What an interpreter is asked to run.</summary>
internal sealed record KernelRequest(string Code)
{
    /// <summary>Directory of which the answer lists the files that the run has written; null: none.</summary>
    public string? Files { get; init; }

    /// <summary>What <c>call_tool(name, argument=value, …)</c> in the code calls; null: there is no such function.</summary>
    public Func<KernelCall, CancellationToken, Task<KernelReply>>? OnCall { get; init; }
}

/// <summary>A request as the interpreter reads it.</summary>
/// <param name="Id">The answer repeats it.</param>
/// <param name="Code">The code.</param>
/// <param name="Files">Directory of which the answer lists what was written; null: none.</param>
/// <param name="Tools">Whether the code may call tools.</param>
internal sealed record KernelRun(int Id, string Code, string? Files, bool Tools);

/// <summary>What an interpreter says of one run: a call that waits for a <see cref="KernelReply"/>, or its end. It comes out of a sandbox, so that anything may be missing.</summary>
internal sealed record KernelAnswer
{
    public required int Id { get; init; }

    public KernelCall? Call { get; init; }

    public string? Value { get; init; }

    public string? Error { get; init; }

    /// <summary>Whether the time was over before the code was; the interpreter does not know that itself.</summary>
    [JsonIgnore]
    public bool Interrupted { get; init; }

    /// <summary>Null when the code has printed more than fits.</summary>
    public string? Stdout { get; init; }

    public string? Stderr { get; init; }

    public IReadOnlyList<KernelImage> Images { get; init; } = [];

    public IReadOnlyList<KernelFile> Files { get; init; } = [];
}

/// <summary>Code calls a tool.</summary>
internal sealed record KernelCall(string? Tool, IReadOnlyDictionary<string, JsonElement>? Arguments);

/// <summary>What a tool returned to code, or why it did not.</summary>
internal sealed record KernelReply(JsonElement? Value, string? Error);

/// <summary>A picture, and where the sandbox keeps the original; null: nowhere.</summary>
internal sealed record KernelImage(string Type, string Data, ToolFile? Original);

/// <summary>A file that a run has written.</summary>
internal sealed record KernelFile(string Path, long Size);
