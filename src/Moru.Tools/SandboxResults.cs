using System.Globalization;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>A sandbox that was made.</summary>
public sealed record CreatedSandbox : SandboxResult
{
    /// <summary>Template it was made from.</summary>
    public required string Template { get; init; }

    /// <summary>Seconds it lives from now.</summary>
    public required int TimeoutSeconds { get; init; }

    private protected override string Text => $"Created sandbox {SandboxId} from template {Template}; it ends in {TimeoutSeconds} s.";
}

/// <summary>Whether a sandbox was killed.</summary>
public sealed record KilledSandbox : SandboxResult
{
    /// <summary>False when there was nothing to kill.</summary>
    public required bool Killed { get; init; }

    private protected override string Text => Killed ? $"Killed sandbox {SandboxId}." : "Killed nothing.";
}

/// <summary>The sandboxes of the server.</summary>
public sealed record SandboxList : ToolResult
{
    /// <summary>Newest first.</summary>
    public required IReadOnlyList<SandboxLine> Sandboxes { get; init; }

    /// <summary>How many more there are; absent: none.</summary>
    public int? Omitted { get; init; }

    private protected override string Text
    {
        get
        {
            if (Sandboxes.Count == 0) return "No sandboxes.";
            var text = new StringBuilder();
            foreach (var line in Sandboxes)
                text.Append(CultureInfo.InvariantCulture, $"{line.SandboxId}  {line.State}  template {line.Template}{(line.EndsAt is { } end ? $"  ends {end}" : "")}{(line.Session == true ? "  (session sandbox)" : "")}\n");
            if (Omitted is { } more) text.Append(CultureInfo.InvariantCulture, $"[{more} older ones omitted]\n");
            return text.ToString();
        }
    }
}

/// <summary>One sandbox in a list.</summary>
public sealed record SandboxLine
{
    /// <summary>Identifier.</summary>
    public required string SandboxId { get; init; }

    /// <summary><c>running</c> or <c>paused</c>.</summary>
    public required string State { get; init; }

    /// <summary>Name of its template.</summary>
    public required string Template { get; init; }

    /// <summary>When its timeout ends it, in UTC; absent while it is paused, since that does not end.</summary>
    public string? EndsAt { get; init; }

    /// <summary>True for the session sandbox; absent for others.</summary>
    public bool? Session { get; init; }

    internal static SandboxLine From(SandboxInfo info, string? sessionId) => new()
    {
        SandboxId = info.SandboxId,
        State = info.State == SandboxState.Paused ? "paused" : "running",
        Template = info.Name ?? info.TemplateId,
        EndsAt = info.State == SandboxState.Paused ? null : info.EndAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        Session = info.SandboxId == sessionId ? true : null,
    };
}
