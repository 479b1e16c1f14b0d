using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>One line of envd's <c>GET /logs</c>: something that happened to a process of the sandbox.</summary>
public sealed record ProcessLogEntry
{
    /// <summary>Place of the entry in the log; a reader goes on after the last one it has.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was written to the log; never earlier than the entry before.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>One of <see cref="LogEvents"/>.</summary>
    public required string EventType { get; init; }

    /// <summary>The output, or what happened in words.</summary>
    public string Message { get; init; } = "";

    /// <summary>What else is known, such as <c>pid</c>, <c>command</c> or <c>process_result</c>.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a process ended, as the field <c>process_result</c> of its last entry holds it in JSON.</summary>
public sealed record ProcessResult
{
    /// <summary>Its exit code; -1 when a signal ended it.</summary>
    [JsonPropertyName("exit_code"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required int ExitCode { get; init; }

    /// <summary>What went wrong; absent when nothing did.</summary>
    public string? Error { get; init; }
}

/// <summary>The event types of log entries.</summary>
public static class LogEvents
{
    /// <summary>A process was started; the field <c>command</c> says which.</summary>
    public const string ProcessStart = "process_start";

    /// <summary>It is over; the field <c>process_result</c> says how.</summary>
    public const string ProcessEnd = "process_end";

    /// <summary>It wrote this to its standard output.</summary>
    public const string Stdout = "stdout";

    /// <summary>It wrote this to its standard error.</summary>
    public const string Stderr = "stderr";

    /// <summary>Entries are missing here, since nobody read them in time; the message says how many.</summary>
    public const string Dropped = "dropped";
}
