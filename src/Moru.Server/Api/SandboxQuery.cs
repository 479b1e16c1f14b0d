using Microsoft.AspNetCore.Http;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The query of <c>GET /v2/sandboxes</c>: which sandboxes, and which page of them.</summary>
internal sealed class SandboxQuery
{
    private static readonly Dictionary<string, SandboxState> Words = new() { ["running"] = SandboxState.Running, ["paused"] = SandboxState.Paused };

    private readonly MetadataFilter metadata;
    private readonly HashSet<SandboxState> states;
    private readonly int limit;
    private readonly (DateTimeOffset StartedAt, string Id)? after;

    private SandboxQuery(IQueryCollection query)
    {
        metadata = MetadataFilter.Parse(query["metadata"]);
        states = Paging.Choice(query["state"], "state", Words);
        limit = Paging.Limit(query);
        after = Paging.After(query);
    }

    public bool IncludesRunning => states.Contains(SandboxState.Running);

    public static SandboxQuery Parse(IQueryCollection query) => new(query);

    public bool Matches(SandboxRecord record) => states.Contains(Wire.ToState(record.State)) && metadata.Matches(record);

    /// <summary>Cuts a page out of records that are sorted the newest first, then by id.</summary>
    public (IReadOnlyList<SandboxRecord> Page, string? NextToken) Page(IReadOnlyList<SandboxRecord> sorted)
    {
        var rest = after is { } last
            ? [.. sorted.Where(r => r.StartedAt < last.StartedAt || (r.StartedAt == last.StartedAt && string.CompareOrdinal(r.Id, last.Id) > 0))]
            : sorted;
        var page = rest.Take(limit).ToList();
        return (page, rest.Count > page.Count ? Paging.Token(page[^1].StartedAt, page[^1].Id) : null);
    }
}
