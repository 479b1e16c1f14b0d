using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Turns a start request into a <see cref="Launch"/>, and the kernel's refusals into words.</summary>
internal static class StartPlan
{
    /// <exception cref="ConnectException">The request cannot be carried out.</exception>
    public static Launch Of(StartRequest request, User user, Defaults defaults)
    {
        if (request.Process is not { Cmd.Length: > 0 } process) throw Invalid("process.cmd is missing");
        string[] arguments = [process.Cmd, .. process.Args ?? []];
        if (Array.Exists(arguments, argument => argument is null || argument.Contains('\0'))) throw Invalid("an argument is null or contains a NUL character");
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
        Posix.NotFound => Invalid($"cannot start '{launch.Arguments[0]}': no such file, or its interpreter is missing"),
        Posix.AccessDenied => Invalid($"cannot start '{launch.Arguments[0]}' in '{launch.Directory}' as user '{launch.User.Name}': permission denied"),
        Posix.NotPermitted => new ConnectException(ConnectCode.FailedPrecondition, $"cannot run as user '{launch.User.Name}': envd lacks the right to change users"),
        _ => Invalid($"cannot start '{launch.Arguments[0]}': {exception.Message}"),
    };

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
