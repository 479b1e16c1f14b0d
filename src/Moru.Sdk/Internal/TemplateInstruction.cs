using Moru.Protocol;

namespace Moru;

/// <summary>One step of a template, where it was written, and for a COPY how its files are chosen.</summary>
internal sealed record TemplateInstruction(string Type, IReadOnlyList<string> Args, bool Force, BuilderLine Line, CopyOptions? Copy = null)
{
    public TemplateStep ToWire(string? filesHash) => new() { Type = Type, Args = Args, Force = Force, FilesHash = filesHash };

    public override string ToString() => $"{Type} {string.Join(' ', Args).TrimEnd()}";
}

/// <summary>A line of the program, or of the Dockerfile, that a template was described in. Number 0: an unknown one.</summary>
internal readonly record struct BuilderLine(string File, int Number)
{
    public override string ToString() => $"{Path.GetFileName(File)}:{Number}";
}
