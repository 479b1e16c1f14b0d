using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>
/// What a tool returns: an object with named members for programs (serialise it with <see cref="ToolSet.Json"/>) that says the same,
/// without JSON's escapes, as text for a model (<see cref="ToString"/>).
/// </summary>
public abstract record ToolResult
{
    /// <summary>Something unexpected that the caller must know, such as a session sandbox that had to be made anew; null: nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the call failed although it has a result, such as a command killed by its timeout.</summary>
    [JsonIgnore]
    public virtual bool IsError => false;

    /// <summary>Pictures that belong to it, at most <see cref="ToolImage.MaxBytes"/> each; usually none.</summary>
    [JsonIgnore]
    public IReadOnlyList<ToolImage> Images { get; init; } = [];

    /// <summary>The result as a model reads it, without the note.</summary>
    private protected abstract string Text { get; }

    /// <summary>The result as a model reads it.</summary>
    public sealed override string ToString() => Note is null ? Text : $"{Text.TrimEnd('\n')}\n[note: {Note}]";
}

/// <summary>A result that came out of one sandbox.</summary>
public abstract record SandboxResult : ToolResult
{
    /// <summary>The sandbox that did the work; null only until the session has filled it in.</summary>
    public string? SandboxId { get; init; }

    /// <summary>Files of the sandbox that <see cref="ToolResult.Images"/> are copies of; usually none.</summary>
    [JsonIgnore]
    public IReadOnlyList<ToolFile> Originals { get; init; } = [];
}

/// <summary>A file in a sandbox.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="MediaType">Such as <c>image/png</c>.</param>
/// <param name="SizeBytes">Its size.</param>
public sealed record ToolFile(string Path, string MediaType, long SizeBytes);

/// <summary>A picture for a model.</summary>
/// <param name="MediaType">Such as <c>image/png</c>.</param>
/// <param name="Data">The encoded picture.</param>
public sealed record ToolImage(string MediaType, ReadOnlyMemory<byte> Data)
{
    /// <summary>Most bytes of a picture, 100 KB: larger ones are made smaller in the sandbox first.</summary>
    public const int MaxBytes = 100_000;
}
