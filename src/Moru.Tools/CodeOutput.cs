using System.Text;
using System.Text.Json.Serialization;

namespace Moru.Tools;

/// <summary>What code printed, returned and drew.</summary>
public sealed record CodeOutput : SandboxResult
{
    // Half of what a model is shown of prints; an interpreter sends as many characters.
    private const int MaxText = 4_200;

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

    /// <summary>A value or an error as it is shown, the middle of a long one cut.</summary>
    internal static string? Show(string? text)
    {
        if (text is null) return null;
        var bytes = Encoding.UTF8.GetBytes(text);
        return new StreamWindows(0, bytes, [], bytes.Length).Ends(MaxText).Text;
    }

    /// <summary>Puts together what the interpreter answered and what there is in its files.</summary>
    internal static CodeOutput From(KernelAnswer answer, CommandOutput? printed, int seconds, string? sandboxId)
    {
        var notes = new List<string>();
        if (answer.Interrupted) notes.Add($"Interrupted after {seconds} s (timeout_seconds){(answer.Ending is null ? "; variables are kept" : "")}. Give it more time, or run a long job as a program with run_command.");
        if (answer.Ending is { } ending) notes.Add($"The interpreter ended: {ending}. Its variables are lost; the next call starts a new one.");
        if (printed?.WhereCut is { } cut) notes.Add(cut);
        var shown = answer.Images.Where(image => image.Data.Length > 0).ToList();
        ToolFile[] originals = [.. shown.Select(image => image.Original).OfType<ToolFile>()];
        if (originals.Length > 0) notes.Add($"Plots as files: {string.Join(", ", originals.Select(file => file.Path))}.");
        var others = answer.Images.Where(image => image.Data.Length == 0).Select(image => image.Original).OfType<ToolFile>().Select(file => file.Path).ToList();
        if (others.Count > 0) notes.Add($"{others.Count} more are not shown, only kept as files: {string.Join(", ", others)}. Look at one with {ToolCall.Write("read_file", ("path", others[0]), ("sandbox_id", sandboxId))}.");
        return new CodeOutput
        {
            Stdout = printed?.Stdout ?? CleanText.OfOutput(answer.Stdout!),
            Stderr = printed?.Stderr ?? CleanText.OfOutput(answer.Stderr!),
            Value = answer.Value,
            Error = answer.Error,
            TimedOut = answer.Interrupted ? true : null,
            Images = [.. shown.Select(image => new ToolImage(image.Type, image.Data))],
            Originals = originals,
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }
}
