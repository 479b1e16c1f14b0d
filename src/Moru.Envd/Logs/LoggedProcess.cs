using System.Globalization;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The entries of one process, from its start to its end.</summary>
internal sealed class LoggedProcess
{
    // A command may be megabytes long; the log says which one it was, not all of it.
    private const int LongestCommand = 4096;

    private readonly ProcessLog _log;
    private readonly Dictionary<string, string> _fields;
    private readonly LoggedStream _stdout, _stderr;

    public LoggedProcess(ProcessLog log, ProcessConfig config, Launch launch, int pid)
    {
        _log = log;
        _fields = new() { ["operation_id"] = log.NextOperation(), ["pid"] = pid.ToString(CultureInfo.InvariantCulture) };
        _stdout = new LoggedStream(LogEvents.Stdout, _fields);
        _stderr = new LoggedStream(LogEvents.Stderr, _fields);
        var command = string.Join(' ', [config.Cmd, .. config.Args ?? []]);
        if (command.Length > LongestCommand) command = string.Concat(command.AsSpan(0, LongestCommand), "…");
        log.Write(LogEvents.ProcessStart, $"Process started: {command}", new Dictionary<string, string>(_fields)
        {
            ["command"] = command, ["cwd"] = launch.Directory, ["user"] = launch.User.Name,
        });
    }

    public void Stdout(ReadOnlyMemory<byte> chunk) => _log.Append(_stdout, chunk);

    public void Stderr(ReadOnlyMemory<byte> chunk) => _log.Append(_stderr, chunk);

    public void End(ProcessEnded end)
    {
        _log.End(_stdout);
        _log.End(_stderr);
        var result = new ProcessResult { ExitCode = end.ExitCode, Error = end.Error };
        _log.Write(LogEvents.ProcessEnd, $"Process ended: {end.Status}", new Dictionary<string, string>(_fields)
        {
            ["process_result"] = JsonSerializer.Serialize(result, EnvdJson.Default.ProcessResult),
        });
    }
}
