namespace Moru;

/// <summary>How to open a terminal.</summary>
public sealed record PtyOptions
{
    /// <summary>Width in characters; default 80.</summary>
    public int Cols { get; init; } = 80;

    /// <summary>Height in lines; default 24.</summary>
    public int Rows { get; init; } = 24;

    /// <summary>Called with what the terminal shows, as it arrives; the next piece waits for it to return. Default none.</summary>
    public Action<ReadOnlyMemory<byte>>? OnData { get; init; }

    /// <summary>Working directory; default: the template's, else the user's home.</summary>
    public string? Cwd { get; init; }

    /// <summary>User to run as; default: the template's, usually <c>user</c>.</summary>
    public string? User { get; init; }

    /// <summary>Environment of the terminal's shell; default: <c>TERM=xterm-256color</c>.</summary>
    public IReadOnlyDictionary<string, string>? Envs { get; init; }

    /// <summary>How long the terminal may live before it is killed with everything in it; default 60 s, zero for no limit.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    internal Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string> { ["TERM"] = "xterm-256color" };
        foreach (var (name, value) in Envs ?? new Dictionary<string, string>()) environment[name] = value;
        return environment;
    }

    internal static Protocol.PtySize Size(int cols, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cols);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cols, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, ushort.MaxValue);
        return new Protocol.PtySize((uint)cols, (uint)rows);
    }
}
