using System.Globalization;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>How a process ended, as <c>wait</c> reports it.</summary>
internal readonly record struct ExitStatus(int Raw)
{
    // The words of Go's syscall package: official clients compare them.
    private static readonly string?[] SignalNames =
    [
        null, "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error",
        "floating point exception", "killed", "user defined signal 1", "segmentation fault", "user defined signal 2",
        "broken pipe", "alarm clock", "terminated", "stack fault", "child exited", "continued", "stopped (signal)", "stopped",
        "stopped (tty input)", "stopped (tty output)", "urgent I/O condition", "CPU time limit exceeded",
        "file size limit exceeded", "virtual timer expired", "profiling timer expired", "window changed", "I/O possible",
        "power failure", "bad system call",
    ];

    private int SignalNumber => Raw & 0x7F;

    private bool DumpedCore => (Raw & 0x80) != 0;

    public ProcessEnded ToWire()
    {
        if (SignalNumber == 0)
        {
            var code = (Raw >> 8) & 0xFF;
            var status = string.Create(CultureInfo.InvariantCulture, $"exit status {code}");
            return new ProcessEnded { ExitCode = code, Exited = true, Status = status, Error = code == 0 ? null : status };
        }

        var name = SignalNumber < SignalNames.Length ? SignalNames[SignalNumber] : null;
        var text = "signal: " + (name ?? string.Create(CultureInfo.InvariantCulture, $"signal {SignalNumber}")) + (DumpedCore ? " (core dumped)" : "");
        return new ProcessEnded { ExitCode = -1, Exited = false, Status = text, Error = text };
    }
}
