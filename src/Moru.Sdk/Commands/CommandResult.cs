namespace Moru;

/// <summary>How a command ended and what it wrote.</summary>
public sealed record CommandResult
{
    /// <summary>Exit code; -1 when a signal ended the command.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Standard output as text; bytes that are no UTF-8 are replaced by U+FFFD.</summary>
    public required string Stdout { get; init; }

    /// <summary>Standard error as text; bytes that are no UTF-8 are replaced by U+FFFD.</summary>
    public required string Stderr { get; init; }

    /// <summary>How a failed command ended, such as <c>exit status 2</c> or <c>signal: killed</c>; null on success.</summary>
    public string? Error { get; init; }

    /// <summary>Characters cut from the middle of <see cref="Stdout"/>, where a line says so; 0: it is complete.</summary>
    public long StdoutDropped { get; init; }

    /// <summary>Characters cut from the middle of <see cref="Stderr"/>, where a line says so; 0: it is complete.</summary>
    public long StderrDropped { get; init; }

    /// <summary>
    /// How often the connection was lost and made again while the command ran. The server replays nothing: what the command wrote in
    /// between is missing. 0: nothing is.
    /// </summary>
    public int Gaps { get; init; }
}
