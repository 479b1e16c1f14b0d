using System.Text;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Turns a start request into a <see cref="Launch"/>, and the kernel's refusals into words.</summary>
internal static class StartPlan
{
    // The kernel's MAX_ARG_STRLEN, without the NUL at the end.
    private const int LongestText = 131_071;

    /// <exception cref="ConnectException">The request cannot be carried out.</exception>
    public static Launch Of(StartRequest request, User user, Defaults defaults)
    {
        if (request.Process is not { Cmd.Length: > 0 } process) throw Invalid("process.cmd is missing");
        string[] arguments = [process.Cmd, .. process.Args ?? []];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i].IndexOf('\0', StringComparison.Ordinal) is >= 0 and var at)
                throw Invalid($"{Name(i)} has a NUL character (U+0000) at offset {at}, which no argument can hold; write an escape that the program reads, or put the text into a file");
        }

        if (process.Envs is { } variables) ProcessEnvironment.Check(variables);

        return new Launch
        {
            Executable = Find(process.Cmd),
            Arguments = arguments,
            Environment = ProcessEnvironment.Of(user, request.Pty is null ? null : TerminalSizes.Environment, defaults.Environment, process.Envs),
            Directory = WorkingDirectory(process.Cwd, user, defaults),
            User = user,
            Stdin = request.Stdin ?? true,
            Terminal = request.Pty is { } terminal ? TerminalSizes.AtStart(terminal.Size) : null,
            Mark = ProcessMark.Next(),
        };
    }

    public static ConnectException Explain(LaunchException exception, Launch launch) => exception.Error switch
    {
        Posix.NoSpace when exception.NeedsTerminal => new ConnectException(
            ConnectCode.ResourceExhausted, "no terminal is left in the sandbox; end a process that has one"),
        _ when exception.NeedsTerminal => new ConnectException(
            ConnectCode.FailedPrecondition, $"the sandbox offers no terminals: {exception.Message} at /dev/ptmx or /dev/pts; start without pty"),
        Posix.Again or Posix.NoMemory => new ConnectException(
            ConnectCode.ResourceExhausted, $"cannot start '{launch.Arguments[0]}': {exception.Message}; the sandbox is at its limit of processes or memory"),
        Posix.TooBig => Invalid($"cannot start '{launch.Arguments[0]}': {TooBig(launch)}"),
        Posix.NotFound => Invalid($"cannot start '{launch.Arguments[0]}': no such file, or its interpreter is missing"),
        Posix.AccessDenied => Invalid($"cannot start '{launch.Arguments[0]}' in '{launch.Directory}' as user '{launch.User.Name}': permission denied"),
        Posix.NotPermitted => new ConnectException(ConnectCode.FailedPrecondition, $"cannot run as user '{launch.User.Name}': envd lacks the right to change users"),
        _ => Invalid($"cannot start '{launch.Arguments[0]}': {exception.Message}"),
    };

    private static string TooBig(Launch launch)
    {
        (string Name, long Bytes)[] texts =
        [
            .. launch.Arguments.Select((argument, i) => (Name(i), (long)Encoding.UTF8.GetByteCount(argument))),
            .. launch.Environment.Select(pair => ($"environment variable '{pair.Key}' with its name", (long)Encoding.UTF8.GetByteCount(pair.Key) + 1 + Encoding.UTF8.GetByteCount(pair.Value))),
        ];
        return Array.Find(texts, text => text.Bytes > LongestText) is { Name: { } name, Bytes: var bytes }
            ? $"{name} has {bytes} bytes, and Linux takes at most {LongestText} in one; put it into a file and pass the file's name"
            : $"its arguments and environment have {texts.Sum(text => text.Bytes + 1)} bytes, and Linux takes some 2 MiB in all; put the long ones into files and pass the files' names";
    }

    private static string Name(int argument) => argument == 0 ? "process.cmd" : $"process.args[{argument - 1}]";

    private static string Find(string command)
    {
        if (command.Contains('/')) return command;
        foreach (var directory in ProcessEnvironment.SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var candidate = $"{directory.TrimEnd('/')}/{command}";
            if (FileStatus.Of(candidate) is { IsRegular: true, IsExecutable: true }) return candidate;
        }

        throw Invalid($"executable '{command}' not found in PATH ({ProcessEnvironment.SearchPath})");
    }

    private static string WorkingDirectory(string? asked, User user, Defaults defaults)
    {
        var directory = SandboxPath.Resolve(asked, user, defaults.Directory);
        if (FileStatus.Of(directory) is { IsDirectory: true }) return directory;
        // Nobody asked for the home directory, and small images have none.
        if (string.IsNullOrEmpty(asked) && defaults.Directory is null) return "/";
        throw Invalid($"cwd '{directory}' does not exist");
    }

    private static ConnectException Invalid(string message) => new(ConnectCode.InvalidArgument, message);
}
