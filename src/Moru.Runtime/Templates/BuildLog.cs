namespace Moru.Runtime;

/// <summary>One line of a build's log.</summary>
/// <param name="At">When.</param>
/// <param name="Level">How important.</param>
/// <param name="Message">The line.</param>
/// <param name="Step">The step that wrote it, as in <see cref="BuildRecord.Step"/>.</param>
public sealed record BuildLogLine(DateTimeOffset At, BuildLogLevel Level, string Message, string? Step);

public enum BuildLogLevel
{
    Debug,
    Info,
    Warn,
    Error,
}

/// <summary>
/// The log of a build that runs. Output of commands is dropped, and one line says so, once it is <see cref="MaxOutputLines"/> lines
/// or <see cref="MaxOutputChars"/> characters; lines of the builder are few and always kept.
/// </summary>
internal sealed class BuildLog(TimeProvider time)
{
    public const int MaxOutputLines = 10_000;
    public const int MaxOutputChars = 4 << 20;
    public const int MaxLineChars = 8 << 10;

    private readonly Lock gate = new();
    private readonly List<BuildLogLine> lines = [];
    private int outputLines;
    private int outputChars;
    private bool full;

    public IReadOnlyList<BuildLogLine> Lines
    {
        get
        {
            lock (gate) return [.. lines];
        }
    }

    public void Add(BuildLogLevel level, string message, string? step = null)
    {
        lock (gate) lines.Add(new BuildLogLine(time.GetUtcNow(), level, message, step));
    }

    public void AddOutput(BuildLogLevel level, string message, string step)
    {
        if (message.Length > MaxLineChars) message = message[..MaxLineChars] + "...";
        lock (gate)
        {
            if (full) return;
            if (++outputLines > MaxOutputLines || (outputChars += message.Length) > MaxOutputChars)
            {
                full = true;
                (level, message) = (BuildLogLevel.Warn, "This build has written more than its log keeps; output from here on is dropped");
            }

            lines.Add(new BuildLogLine(time.GetUtcNow(), level, message, step));
        }
    }
}
