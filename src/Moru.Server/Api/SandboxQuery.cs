using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The query of <c>GET /v2/sandboxes</c>: which sandboxes, and which page of them.</summary>
internal sealed class SandboxQuery
{
    private const int MaxLimit = 100;

    private readonly IReadOnlyList<KeyValuePair<string, string>> metadata;
    private readonly HashSet<SandboxPhase> states;
    private readonly int limit;
    private readonly (DateTimeOffset StartedAt, string Id)? after;

    private SandboxQuery(IQueryCollection query)
    {
        metadata = ParseMetadata(query["metadata"]);
        states = ParseStates(query["state"].SelectMany(value => (value ?? "").Split(',')));
        limit = ParseLimit(query["limit"]);
        after = ParseToken(query["nextToken"]);
    }

    public bool IncludesRunning => states.Contains(SandboxPhase.Running);

    public static SandboxQuery Parse(IQueryCollection query) => new(query);

    public bool Matches(SandboxRecord record) =>
        states.Contains(record.State)
        && metadata.All(wanted => record.Metadata.TryGetValue(wanted.Key, out var value) && value == wanted.Value);

    /// <summary>Cuts a page out of records that are sorted the newest first, then by id.</summary>
    public (IReadOnlyList<SandboxRecord> Page, string? NextToken) Page(IReadOnlyList<SandboxRecord> sorted)
    {
        var rest = after is { } last
            ? [.. sorted.Where(r => r.StartedAt < last.StartedAt || (r.StartedAt == last.StartedAt && string.CompareOrdinal(r.Id, last.Id) > 0))]
            : sorted;
        var page = rest.Take(limit).ToList();
        return (page, rest.Count > page.Count ? Token(page[^1]) : null);
    }

    private static string Token(SandboxRecord last) =>
        WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes($"{last.StartedAt.UtcDateTime:O}__{last.Id}"));

    private static (DateTimeOffset, string)? ParseToken(string? token)
    {
        if (string.IsNullOrEmpty(token)) return null;
        try
        {
            var parts = Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(token)).Split("__", 2);
            return (DateTimeOffset.ParseExact(parts[0], "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), parts[1]);
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException)
        {
            throw Bad("Invalid next token");
        }
    }

    private static int ParseLimit(string? text)
    {
        if (string.IsNullOrEmpty(text)) return MaxLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit
            ? limit
            : throw Bad($"validation error: limit must be 1 to {MaxLimit}");
    }

    private static HashSet<SandboxPhase> ParseStates(IEnumerable<string> names)
    {
        var states = names.Select(name => name switch
        {
            "running" => SandboxPhase.Running,
            "paused" => SandboxPhase.Paused,
            _ => throw Bad($"validation error: state '{name}' is neither running nor paused"),
        }).ToHashSet();
        return states.Count > 0 ? states : [SandboxPhase.Running, SandboxPhase.Paused];
    }

    /// <summary>Clients escape keys and values twice and the joined text once more; the query string's own escaping is already undone.</summary>
    private static List<KeyValuePair<string, string>> ParseMetadata(string? text)
    {
        if (string.IsNullOrEmpty(text)) return [];
        return [.. Uri.UnescapeDataString(text).Split('&').Select(pair =>
        {
            var parts = pair.Split('=');
            return parts is [{ Length: > 0 } key, { Length: > 0 } value]
                ? KeyValuePair.Create(Uri.UnescapeDataString(key), Uri.UnescapeDataString(value))
                : throw Bad($"validation error: metadata filter '{pair}' is not key=value");
        })];
    }

    private static ApiException Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}
