using System.Text.Json;
using System.Text.Json.Serialization;

namespace Moru.Agents;

/// <summary>A line that <c>interpreter.py</c> writes: that it has started, a call of a tool, or the end of a run.</summary>
internal sealed record InterpreterMessage(bool Ready, ToolCallFromCode? Call, CodeDone? Done);

/// <summary>Code calls a tool and waits for a <see cref="ToolAnswer"/>.</summary>
internal sealed record ToolCallFromCode(string? Tool, IReadOnlyDictionary<string, JsonElement>? Arguments);

/// <summary>A run has ended. What is written here comes out of a sandbox, so that anything may be missing.</summary>
internal sealed record CodeDone(string? Stdout, string? Stderr, string? Value, string? Error, IReadOnlyList<byte[]>? Images, IReadOnlyList<WrittenFileFromCode>? Files);

/// <summary>A file that the run wrote.</summary>
internal sealed record WrittenFileFromCode(string Path, long Size);

/// <summary>What <c>interpreter.py</c> is asked to run.</summary>
internal sealed record CodeRequest(string Code);

/// <summary>What a tool returned to code.</summary>
internal sealed record ToolAnswer(JsonElement? Value, string? Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InterpreterMessage))]
[JsonSerializable(typeof(CodeRequest))]
[JsonSerializable(typeof(ToolAnswer))]
internal sealed partial class InterpreterJson : JsonSerializerContext;
