using Moru.Protocol;

namespace Moru.Envd;

/// <summary>What callers may ask of a terminal.</summary>
internal static class TerminalSizes
{
    private static readonly TerminalSize Usual = new(80, 24);

    /// <summary>Variables of a process in a terminal, unless the caller says otherwise.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string> { ["TERM"] = "xterm-256color" };

    /// <summary>A size that is absent, or zero as absent numbers are, is the usual one.</summary>
    /// <exception cref="ConnectException">No terminal can be that large.</exception>
    public static TerminalSize AtStart(PtySize? size) =>
        Of(size is null ? new PtySize(0, 0) : size, Usual);

    /// <exception cref="ConnectException">No terminal can have that size.</exception>
    public static TerminalSize AtResize(PtySize? size) =>
        size is { Cols: > 0, Rows: > 0 } ? Of(size, Usual) : throw Invalid("0 columns or rows");

    private static TerminalSize Of(PtySize size, TerminalSize usual)
    {
        if (size.Cols > ushort.MaxValue || size.Rows > ushort.MaxValue) throw Invalid($"{size.Cols} columns and {size.Rows} rows");
        return new TerminalSize(size.Cols > 0 ? (ushort)size.Cols : usual.Columns, size.Rows > 0 ? (ushort)size.Rows : usual.Rows);
    }

    private static ConnectException Invalid(string size) =>
        new(ConnectCode.InvalidArgument, $"a terminal cannot have {size}: pty.size needs cols and rows from 1 to {ushort.MaxValue}");
}
