namespace Moru;

/// <summary>Something asked of Moru failed. Base of every exception this library throws on purpose.</summary>
public class SandboxException : Exception
{
    /// <inheritdoc cref="SandboxException"/>
    public SandboxException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The Moru server cannot be reached: nothing answers at its address. The request may be sent again once it does.</summary>
public sealed class ServerUnreachableException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>An operation took longer than its limit, or the sandbox ended meanwhile. Python's name for it is <c>TimeoutException</c>.</summary>
public sealed class SandboxTimeoutException(string message, Exception? innerException = null) : SandboxException(message, innerException)
{
    /// <summary>What the command had written when it was killed; null when no command was involved.</summary>
    public CommandResult? PartialResult { get; init; }
}

/// <summary>The sandbox, template, volume, file or process does not exist.</summary>
public sealed class NotFoundException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>The API key, access token or user is missing or wrong.</summary>
public sealed class AuthenticationException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>The request makes no sense as it is, for example a file read as a directory.</summary>
public sealed class InvalidArgumentException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>The disk of the sandbox, or the volume, is full.</summary>
public sealed class NotEnoughSpaceException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>The template cannot be used, for example because its image is missing or its agent too old.</summary>
public sealed class TemplateException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>A template could not be built; the message names the step and where it was written.</summary>
public sealed class BuildException : SandboxException
{
    internal BuildException(string message, BuilderLine line, Exception? innerException = null)
        : base(message, innerException) => (SourceFile, SourceLine) = (string.IsNullOrEmpty(line.File) ? null : line.File, line.Number);

    /// <summary>File of the program, or the Dockerfile, that the failed step is written in; null when that is not known.</summary>
    public string? SourceFile { get; }

    /// <summary>The step's line in <see cref="SourceFile"/>; 0 without one.</summary>
    public int SourceLine { get; }

    /// <summary>The step in the server's words: <c>base</c>, a number from 1, or <c>finalize</c>; null when the build did not begin or the server does not say.</summary>
    public string? Step { get; internal init; }
}

/// <summary>A quota is used up or requests come too fast; try again later.</summary>
public sealed class RateLimitException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>Changes of a watched directory were lost because they came faster than they were taken; look at the directory itself and watch it anew.</summary>
public sealed class WatchOverflowException(string message, Exception? innerException = null) : SandboxException(message, innerException);

/// <summary>A command ended with a non-zero exit code.</summary>
public sealed class CommandExitException : SandboxException
{
    internal CommandExitException(string command, CommandResult result)
        : base($"Command '{Shorten(command)}' ended with {result.Error ?? $"exit status {result.ExitCode}"}.") => Result = result;

    /// <summary>Everything known about the command that failed.</summary>
    public CommandResult Result { get; }

    /// <summary>The exit code; -1 when a signal ended the command.</summary>
    public int ExitCode => Result.ExitCode;

    /// <summary>What the command wrote to its standard output.</summary>
    public string Stdout => Result.Stdout;

    /// <summary>What the command wrote to its standard error.</summary>
    public string Stderr => Result.Stderr;

    private static string Shorten(string command) => command.Length <= 80 ? command : command[..77] + "...";
}
