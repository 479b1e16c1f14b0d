namespace Moru.Envd;

/// <summary>The entry that one output of a process is filling. The log guards what changes.</summary>
internal sealed class LoggedStream(string eventType, IReadOnlyDictionary<string, string> fields)
{
    /// <summary>Most output in one entry.</summary>
    public const int Limit = 64 << 10;

    public string EventType => eventType;

    public IReadOnlyDictionary<string, string> Fields => fields;

    public LogText? Text { get; set; }

    /// <summary>Bytes of a character whose rest is still to come.</summary>
    public byte[] Unfinished { get; set; } = [];

    public long OpenedAt { get; set; }
}
