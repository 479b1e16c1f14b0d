using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Moru.Evals;

/// <summary>One line of a trajectory.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TaskLine), "task")]
[JsonDerivedType(typeof(CallLine), "call")]
[JsonDerivedType(typeof(AnswerLine), "answer")]
internal abstract record TrajectoryLine;

/// <summary>What was asked.</summary>
internal sealed record TaskLine(string Id, string Face, string Model, string Prompt) : TrajectoryLine;

/// <summary>One call, its result and what it did to the files.</summary>
internal sealed record CallLine(
    int Turn, string Tool, IReadOnlyDictionary<string, JsonElement> Arguments, string Result, int? ExitCode, double Milliseconds, IReadOnlyList<FileChange> Files) : TrajectoryLine;

/// <summary>The answer.</summary>
internal sealed record AnswerLine(string Text, bool Success, string? Reason) : TrajectoryLine;

/// <summary>A file that a call changed.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Sha256">What is in it now; null: it is gone.</param>
internal sealed record FileChange(string Path, string? Sha256);

/// <summary>Trajectories as JSONL.</summary>
internal static class Trajectory
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Write(IEnumerable<TrajectoryLine> lines) => string.Concat(lines.Select(line => JsonSerializer.Serialize(line, Json) + "\n"));

    public static IReadOnlyList<TrajectoryLine> Read(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<TrajectoryLine>(line, Json)!)];
}
