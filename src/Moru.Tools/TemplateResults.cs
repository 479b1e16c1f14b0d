using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>How far a build is.</summary>
public sealed record TemplateBuild : ToolResult
{
    /// <summary>The template.</summary>
    public required string TemplateId { get; init; }

    /// <summary>The build.</summary>
    public required string BuildId { get; init; }

    /// <summary><c>building</c>, <c>ready</c> or <c>error</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What it wrote, the middle of a long log cut.</summary>
    public required string Log { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsError => Status == "error";

    private protected override string Text => $"{CleanText.Mark(Log)}[{Status}: template {TemplateId}, build {BuildId}]";

    internal static TemplateBuild From(BuildInfo build, string status, BuildTail log, string? note) =>
        new() { TemplateId = build.TemplateId, BuildId = build.BuildId, Status = status, Log = log.ToString(), Note = note };
}

/// <summary>The beginning and the end of a build's log.</summary>
internal sealed class BuildTail
{
    private const int HeadLines = 20;
    private const int TailLines = 200;

    private readonly List<string> head = [];
    private readonly Queue<string> tail = new();

    public void Add(string line)
    {
        if (head.Count < HeadLines)
        {
            head.Add(line);
            return;
        }

        if (tail.Count == TailLines) tail.Dequeue();
        tail.Enqueue(line);
    }

    public override string ToString()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(head.Concat(tail).Select(line => line + "\n")));
        return new StreamWindows(0, bytes, [], bytes.Length).Ends(CommandReport.Budget).Text;
    }
}

/// <summary>Templates of the server.</summary>
public sealed record TemplateList : ToolResult
{
    internal const int Max = 50;

    /// <summary>Those that may be used.</summary>
    public required IReadOnlyList<TemplateLine> Templates { get; init; }

    /// <summary>How many more there are; absent: none.</summary>
    public int? Omitted { get; init; }

    private protected override string Text => Templates.Count == 0
        ? "No templates."
        : string.Concat(Templates.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Name}  {line.Status}  {line.Cpus} CPUs  {line.MemoryMb} MB\n"))) + (Omitted is { } more ? $"[{more} more omitted]" : "");
}

/// <summary>One template in a list.</summary>
public sealed record TemplateLine
{
    /// <summary>Its name, or its id when it has none.</summary>
    public required string Name { get; init; }

    /// <summary>How far its last build is: <c>waiting</c>, <c>building</c>, <c>ready</c> or <c>error</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Processors of a sandbox.</summary>
    public required int Cpus { get; init; }

    /// <summary>Memory of a sandbox.</summary>
    public required int MemoryMb { get; init; }

    internal static TemplateLine From(TemplateInfo template) => new()
    {
        Name = CleanText.OfFile(template.Aliases.Count > 0 ? template.Aliases[0] : template.TemplateId),
        Status = template.BuildStatus.ToString().ToLowerInvariant(),
        Cpus = template.CpuCount,
        MemoryMb = template.MemoryMB,
    };
}

/// <summary>Something that was deleted.</summary>
public sealed record DeletedTemplate : ToolResult
{
    /// <summary>Its name as the caller gave it.</summary>
    public required string Deleted { get; init; }

    private protected override string Text => $"Deleted {Deleted}.";
}
