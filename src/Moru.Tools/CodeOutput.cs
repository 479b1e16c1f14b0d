using System.Text;
using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>What code printed, returned and drew.</summary>
public sealed record CodeOutput : SandboxResult
{
    /// <summary>Standard output, the middle of a long one cut.</summary>
    public required string Stdout { get; init; }

    /// <summary>Standard error, the middle of a long one cut.</summary>
    public required string Stderr { get; init; }

    /// <summary>The value of the last expression as text, a table as CSV; absent when there is none.</summary>
    public string? Value { get; init; }

    /// <summary>What was raised, with the lines that led to it; absent: nothing.</summary>
    public string? Error { get; init; }

    /// <summary>True when the time was over; absent: it was not.</summary>
    public bool? TimedOut { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsError => TimedOut == true;

    private protected override string Text
    {
        get
        {
            var text = new StringBuilder(CleanText.Mark(Stdout));
            if (Stderr.Length > 0) text.Append("[stderr]\n").Append(CleanText.Mark(Stderr));
            if (Value is not null) text.Append("[value]\n").Append(CleanText.Mark(Value));
            if (Error is not null) text.Append("[error]\n").Append(CleanText.Mark(Error));
            return text.Length > 0 ? text.ToString().TrimEnd('\n') : Images.Count > 0 ? "[image]" : "[no output]";
        }
    }

    /// <summary>Puts together what the interpreter answered and what there is in its files.</summary>
    internal static CodeOutput From(KernelAnswer? answer, CommandOutput? printed, int seconds)
    {
        var notes = new List<string>();
        if (answer is null)
            notes.Add("The interpreter ended (it was killed because it could not be interrupted, ran out of memory, or left), so its variables are lost; the next call starts a new one.");
        if (answer is { Interrupted: true })
            notes.Add($"Interrupted after {seconds} s (timeout_seconds); variables are kept. Give it more time, or run a long job as a program with run_command.");
        if (printed?.WhereCut is { } cut) notes.Add(cut);
        ToolFile[] originals = [.. (answer?.Images ?? []).Select(image => image.Original).OfType<ToolFile>()];
        if (originals.Length > 0) notes.Add($"Plots as files: {string.Join(", ", originals.Select(file => file.Path))}.");
        return new CodeOutput
        {
            Stdout = printed?.Stdout ?? CleanText.OfOutput(answer!.Stdout!),
            Stderr = printed?.Stderr ?? CleanText.OfOutput(answer!.Stderr!),
            Value = answer?.Value is { } value ? CleanText.OfOutput(value) : null,
            Error = answer?.Error is { } error ? CleanText.OfOutput(error) : null,
            TimedOut = answer is { Interrupted: true } ? true : null,
            Images = [.. (answer?.Images ?? []).Select(image => new ToolImage(image.Type, Convert.FromBase64String(image.Data)))],
            Originals = originals,
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }
}
