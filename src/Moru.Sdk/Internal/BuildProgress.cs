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
            CultureInfo.InvariantCulture, $"templates/{Uri.EscapeDataString(build.TemplateId)}/builds/{Uri.EscapeDataString(build.BuildId)}/status?logsOffset={offset}");
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
        var output = string.Concat((reason?.LogEntries ?? []).TakeLast(10).Select(entry => "\n  " + Plain(entry.Message)));
        if (build.Template is not { } template)
            return new BuildException($"Build {build.BuildId} of template '{build.Alias}' failed{(reason?.Step is { } name ? $" at step {name}" : "")}: {why}{output}", default);

        var (what, line) = reason?.Step switch
        {
            "finalize" => ("the start command", template.StartLine),
            { } text when int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= template.Instructions.Length =>
                (template.Instructions[number - 1].ToString(), template.Instructions[number - 1].Line),
            _ => ($"FROM {template.Image ?? template.Parent}", template.FromLine),
        };
        return new BuildException($"Template '{build.Alias}' failed at {what} ({line}): {why}{output}", line);
    }

    private static string Plain(string text) => Escapes().Replace(text, "");

    /// <summary>Sequences that colour text and move the cursor (ECMA-48, 5.4), and those that set a title.</summary>
    [GeneratedRegex(@"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")]
    private static partial Regex Escapes();
}
