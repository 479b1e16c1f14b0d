using System.Globalization;

namespace Moru;

/// <summary>
/// How to tell that a template's start command has done its part: a bash command that is tried until it succeeds.
/// A string is such a command too.
/// </summary>
public sealed class ReadyCommand
{
    private ReadyCommand(string command) => Text = command;

    /// <summary>The bash command.</summary>
    public string Text { get; }

    /// <summary>A bash command that succeeds when the template is ready.</summary>
    public static implicit operator ReadyCommand(string command) => FromString(command);

    /// <summary>A bash command that succeeds when the template is ready.</summary>
    public static ReadyCommand FromString(string command)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(command);
        return new ReadyCommand(command);
    }

    /// <summary>Ready when something listens on a TCP port, at whatever address.</summary>
    public static ReadyCommand Port(int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        // State 0A is LISTEN. The kernel's own table, because small images have no tool that reads it.
        return new ReadyCommand(string.Create(CultureInfo.InvariantCulture, $"grep -qsE '^ *[0-9]+: [0-9A-F]+:{port:X4} [0-9A-F]+:0000 0A ' /proc/net/tcp /proc/net/tcp6"));
    }

    /// <summary>Ready when a URL answers with a status; the image needs curl.</summary>
    public static ReadyCommand Url(string url, int status = 200)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(url);
        return new ReadyCommand(string.Create(CultureInfo.InvariantCulture, $"[ \"$(curl -s -o /dev/null -w '%{{http_code}}' {ShellWord.Quote(url)})\" = {status} ]"));
    }

    /// <summary>Ready when there is a file.</summary>
    public static ReadyCommand File(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ReadyCommand($"[ -f {ShellWord.QuotePath(path)} ]");
    }

    /// <summary>Ready when a process of that name runs; the image needs pgrep.</summary>
    public static ReadyCommand Process(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ReadyCommand($"pgrep {ShellWord.Quote(name)} > /dev/null");
    }

    /// <summary>Ready after a while; whole seconds, at least one.</summary>
    public static ReadyCommand Timeout(TimeSpan time) =>
        new(string.Create(CultureInfo.InvariantCulture, $"sleep {Math.Max(1, MoruClient.Seconds(time))}"));

    /// <inheritdoc/>
    public override string ToString() => Text;
}
