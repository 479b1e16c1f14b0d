namespace Moru;

/// <summary>What a command did: a <see cref="StdoutEvent"/>, a <see cref="StderrEvent"/>, or at last an <see cref="ExitEvent"/>.</summary>
public abstract record CommandEvent
{
    private protected CommandEvent()
    {
    }
}

/// <summary>It wrote to its standard output.</summary>
/// <param name="Text">A piece of the output; never a part of a character.</param>
public sealed record StdoutEvent(string Text) : CommandEvent;

/// <summary>It wrote to its standard error.</summary>
/// <param name="Text">A piece of the output; never a part of a character.</param>
public sealed record StderrEvent(string Text) : CommandEvent;

/// <summary>It ended.</summary>
/// <param name="ExitCode">Exit code; -1 when a signal ended it.</param>
/// <param name="Error">How a failed command ended, such as <c>exit status 2</c>; null on success.</param>
public sealed record ExitEvent(int ExitCode, string? Error) : CommandEvent;
