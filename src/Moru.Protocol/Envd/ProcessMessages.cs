using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>What to run: <c>process.ProcessConfig</c>. There is no implicit shell.</summary>
public sealed record ProcessConfig
{
    /// <summary>Executable, looked up in PATH when it has no slash. Absent, as any member of a message may be, it is refused at the start.</summary>
    public string? Cmd { get; init; }

    /// <summary>Arguments, without the executable's own name.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Environment added to the sandbox's own; these win.</summary>
    public IReadOnlyDictionary<string, string>? Envs { get; init; }

    /// <summary>Working directory; absent: the default working directory, else the user's home.</summary>
    public string? Cwd { get; init; }
}

/// <summary>Request of <c>process.Process/Start</c>.</summary>
public sealed record StartRequest
{
    /// <summary>What to run. Absent, it is refused.</summary>
    public ProcessConfig? Process { get; init; }

    /// <summary>Asks for a terminal of this size; absent means pipes.</summary>
    public Pty? Pty { get; init; }

    /// <summary>Name by which later calls can select the process.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether to keep a stdin pipe open; absent means yes, false gives <c>/dev/null</c>.</summary>
    public bool? Stdin { get; init; }
}

/// <summary>A terminal: <c>process.PTY</c>.</summary>
/// <param name="Size">Its size in characters.</param>
public sealed record Pty(PtySize? Size);

/// <summary>Size of a terminal in characters.</summary>
/// <param name="Cols">Columns.</param>
/// <param name="Rows">Rows.</param>
public sealed record PtySize(uint Cols, uint Rows);

/// <summary>One message of a <c>Start</c> stream.</summary>
/// <param name="Event">What happened.</param>
public sealed record StartResponse(ProcessEvent Event);

/// <summary>What happened to a process; exactly one member is set (<c>process.ProcessEvent</c>).</summary>
public sealed record ProcessEvent
{
    /// <summary>First event: the process runs.</summary>
    public ProcessStarted? Start { get; init; }

    /// <summary>The process wrote something.</summary>
    public ProcessData? Data { get; init; }

    /// <summary>Last event: the process is over and all its output has been delivered.</summary>
    public ProcessEnded? End { get; init; }

    /// <summary>Nothing happened for a while.</summary>
    public Keepalive? Keepalive { get; init; }
}

/// <summary>A process runs.</summary>
/// <param name="Pid">Its process id inside the sandbox.</param>
public sealed record ProcessStarted(int Pid);

/// <summary>Output bytes; exactly one member is set. Text may be split inside a character.</summary>
public sealed record ProcessData
{
    /// <summary>Bytes of the standard output.</summary>
    public ReadOnlyMemory<byte>? Stdout { get; init; }

    /// <summary>Bytes of the standard error.</summary>
    public ReadOnlyMemory<byte>? Stderr { get; init; }

    /// <summary>Bytes that the terminal shows.</summary>
    public ReadOnlyMemory<byte>? Pty { get; init; }
}

/// <summary>How a process ended, in the words of Go's <c>os.ProcessState</c>, which official clients compare.</summary>
public sealed record ProcessEnded
{
    /// <summary>Exit code; -1 when a signal ended the process.</summary>
    public int ExitCode { get; init; }

    /// <summary>False when a signal ended the process.</summary>
    public bool Exited { get; init; }

    /// <summary><c>exit status N</c> or <c>signal: NAME</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Same as <see cref="Status"/> unless the process ended with exit code 0.</summary>
    public string? Error { get; init; }
}

/// <summary>Sign of life on a silent stream.</summary>
public sealed record Keepalive;

/// <summary>Names a running process; exactly one member is set.</summary>
public sealed record ProcessSelector
{
    /// <summary>Process id inside the sandbox.</summary>
    public int? Pid { get; init; }

    /// <summary>Tag given at start.</summary>
    public string? Tag { get; init; }
}

/// <summary>Request of <c>process.Process/Connect</c>: listen to a running process.</summary>
/// <param name="Process">Which process.</param>
public sealed record ConnectRequest(ProcessSelector Process);

/// <summary>One message of a <c>Connect</c> stream.</summary>
/// <param name="Event">What happened.</param>
public sealed record ConnectResponse(ProcessEvent Event);

/// <summary>Request of <c>process.Process/Update</c>.</summary>
/// <param name="Process">Which process.</param>
/// <param name="Pty">The terminal's new size; absent changes nothing.</param>
public sealed record UpdateRequest(ProcessSelector Process, Pty? Pty = null);

/// <summary>Input bytes; exactly one member is set. A set member may be empty.</summary>
public sealed record ProcessInput
{
    /// <summary>Bytes for the standard input, of a process without a terminal.</summary>
    public ReadOnlyMemory<byte>? Stdin { get; init; }

    /// <summary>Bytes for the terminal, as its keyboard would send them.</summary>
    public ReadOnlyMemory<byte>? Pty { get; init; }
}

/// <summary>Request of <c>process.Process/SendInput</c>.</summary>
/// <param name="Process">Which process.</param>
/// <param name="Input">What to write.</param>
public sealed record SendInputRequest(ProcessSelector Process, ProcessInput Input);

/// <summary>One message of a <c>StreamInput</c> call; exactly one member is set, and the first message sets <see cref="Start"/>.</summary>
public sealed record StreamInputRequest
{
    /// <summary>First message: for whom the input is.</summary>
    public StreamInputStart? Start { get; init; }

    /// <summary>Input.</summary>
    public StreamInputData? Data { get; init; }

    /// <summary>Nothing happened for a while.</summary>
    public Keepalive? Keepalive { get; init; }
}

/// <summary>For whom streamed input is.</summary>
/// <param name="Process">Which process.</param>
public sealed record StreamInputStart(ProcessSelector Process);

/// <summary>A piece of streamed input.</summary>
/// <param name="Input">What to write.</param>
public sealed record StreamInputData(ProcessInput Input);

/// <summary>Signals that <c>SendSignal</c> accepts.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Signal>))]
public enum Signal
{
    /// <summary>Not set.</summary>
    [JsonStringEnumMemberName("SIGNAL_UNSPECIFIED")]
    Unspecified = 0,

    /// <summary>Kill at once.</summary>
    [JsonStringEnumMemberName("SIGNAL_SIGKILL")]
    Kill = 9,

    /// <summary>Ask to end.</summary>
    [JsonStringEnumMemberName("SIGNAL_SIGTERM")]
    Terminate = 15,
}

/// <summary>Request of <c>process.Process/SendSignal</c>.</summary>
/// <param name="Process">Which process.</param>
/// <param name="Signal">Which signal.</param>
public sealed record SendSignalRequest(ProcessSelector Process, Signal Signal);

/// <summary>One running process.</summary>
/// <param name="Config">What runs.</param>
/// <param name="Pid">Its process id inside the sandbox.</param>
/// <param name="Tag">Tag given at start.</param>
public sealed record ProcessInfo(ProcessConfig Config, int Pid, string? Tag = null);

/// <summary>Answer of <c>process.Process/List</c>.</summary>
/// <param name="Processes">Processes started through envd that still run.</param>
public sealed record ListProcessesResponse(IReadOnlyList<ProcessInfo>? Processes = null);

/// <summary>A message without members.</summary>
public sealed record Empty;
