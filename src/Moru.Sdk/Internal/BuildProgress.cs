using System.Globalization;
using System.Text.RegularExpressions;
using Moru.Protocol;

namespace Moru;

/// <summary>Follows a build to its end.</summary>
internal static partial class BuildProgress
{
    private const int FullPage = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task FollowAsync(ApiTransport api, BuildInfo build, Action<BuildLogEntry>? onLine, CancellationToken cancellationToken)
    {
        for (var offset = 0; ;)
        {
            var now = await ReadAsync(api, build, offset, cancellationToken).ConfigureAwait(false);
            offset += now.LogEntries.Count;
            foreach (var entry in now.LogEntries) onLine?.Invoke(entry);
            if (now.Status is TemplateBuildStatus.Ready) return;
            if (now.Status is TemplateBuildStatus.Error) throw Failure(build, now.Reason);
            if (now.LogEntries.Count < FullPage) await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    public static async Task<TemplateBuildInfo> ReadAsync(ApiTransport api, BuildInfo build, int offset, CancellationToken cancellationToken)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture, $"templates/{UrlSegment.Of(build.TemplateId)}/builds/{UrlSegment.Of(build.BuildId)}/status?logsOffset={offset}");
        var now = await api.SendAsync(HttpMethod.Get, path, null, ApiJson.Default.TemplateBuildInfo, cancellationToken).ConfigureAwait(false);
        return now with
        {
            Logs = [.. now.Logs.Select(Plain)],
            LogEntries = [.. now.LogEntries.Select(entry => entry with { Message = Plain(entry.Message) })],
        };
    }

    private static BuildException Failure(BuildInfo build, BuildFailure? reason)
    {
        var why = Plain(reason?.Message ?? "the server does not say why");
        // Servers repeat the reason in the log of the step.
        var output = string.Concat(
            (reason?.LogEntries ?? []).Select(entry => Plain(entry.Message)).Where(text => !text.Contains(why, StringComparison.Ordinal)).TakeLast(10).Select(text => "\n  " + text));
        var name = build.Alias.Length > 0 ? build.Alias : build.TemplateId;
        if (build.Template is not { } template)
            return new BuildException($"Build {build.BuildId} of template '{name}' failed{Place(reason?.Step)}: {why}{output}", default) { Step = reason?.Step };

        var (what, line) = reason?.Step switch
        {
            "finalize" => ("the start command", template.StartLine),
            { } text when int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= template.Instructions.Length =>
                (Text(template.Instructions[number - 1]), template.Instructions[number - 1].Line),
            _ => ($"FROM {template.Image ?? template.Parent}", template.FromLine),
        };
        return new BuildException($"Template '{name}' failed at {what}{(line.Number == 0 ? "" : $" ({line})")}: {why}{output}", line) { Step = reason?.Step };
    }

    private static string Place(string? step) => step switch
    {
        null => "",
        "finalize" => " at the start command",
        "base" => " at its base",
        _ => $" at step {step}",
    };

    // Not who runs it.
    private static string Text(TemplateInstruction step) => step.Type == "RUN" ? $"RUN {step.Args[0]}" : step.ToString();

    private static string Plain(string text) => Escapes().Replace(text, "");

    /// <summary>Sequences that colour text and move the cursor (ECMA-48, 5.4), and those that set a title.</summary>
    [GeneratedRegex(@"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")]
    private static partial Regex Escapes();
}
