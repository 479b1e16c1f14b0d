namespace Moru.Runtime;

/// <summary>One entry of a sandbox's log: something that a process did or printed.</summary>
/// <param name="Sequence">Its place in the log.</param>
/// <param name="Timestamp">When it was written to the log.</param>
/// <param name="EventType">Such as <c>stdout</c> or <c>process_start</c>.</param>
/// <param name="Message">The output, or what happened in words.</param>
/// <param name="Fields">What else is known.</param>
public sealed record LogLine(long Sequence, DateTimeOffset Timestamp, string EventType, string Message, IReadOnlyDictionary<string, string> Fields);

/// <summary>Which entries of a log are asked for.</summary>
public sealed record LogQuery
{
    /// <summary>Forward: not before this; backward: not after it. Null: the log's beginning or its end.</summary>
    public DateTimeOffset? Cursor { get; init; }

    /// <summary>Most entries.</summary>
    public required int Limit { get; init; }

    /// <summary>The newest entries rather than the oldest.</summary>
    public bool Backward { get; init; }

    /// <summary>Leave out output of the other stream than this; null: none.</summary>
    public string? Stream { get; init; }
}
