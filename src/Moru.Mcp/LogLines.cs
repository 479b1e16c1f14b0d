using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>Messages for the operator, a line each. What clients and sandboxes put into them ends no line and commands no terminal.</summary>
internal sealed class LogLines() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "lines";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = entry.Formatter(entry.State, entry.Exception);
        textWriter.Write($"{Word(entry.LogLevel)}: {entry.Category}[{entry.EventId.Id}] ");
        textWriter.WriteLine(CleanText.OfName($"{message} {entry.Exception}".ReplaceLineEndings(" ").TrimEnd()));
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
