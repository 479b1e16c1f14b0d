using Moru.Protocol;

namespace Moru.Envd;

/// <summary>One entry of the log: a message, or output of a process.</summary>
internal sealed record LogEntry(long Sequence, DateTimeOffset Timestamp, string EventType, IReadOnlyDictionary<string, string> Fields, int Cost)
{
    public string? Message { get; init; }

    public LogText? Output { get; init; }

    public ProcessLogEntry ToWire() => new()
    {
        Sequence = Sequence, Timestamp = Timestamp, EventType = EventType, Message = Message ?? Output?.ToString() ?? "", Fields = Fields,
    };
}
