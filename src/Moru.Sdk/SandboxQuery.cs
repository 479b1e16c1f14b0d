using System.Globalization;
using Moru.Protocol;

namespace Moru;

/// <summary>Which sandboxes to list.</summary>
public sealed record SandboxQuery
{
    /// <summary>Only sandboxes that carry all these labels; default: any.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Only sandboxes in one of these states; default: any.</summary>
    public IReadOnlyList<SandboxState>? States { get; init; }

    /// <summary>How many sandboxes one request may bring, 1 to 100; default 100.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>Where to go on: <see cref="SandboxPage.NextToken"/> of an earlier page; default: at the newest.</summary>
    public string? NextToken { get; init; }

    internal string ToPath()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PageSize, 1, nameof(PageSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PageSize, 100, nameof(PageSize));
        return string.Create(CultureInfo.InvariantCulture, $"v2/sandboxes?limit={PageSize}")
            + (Metadata is { Count: > 0 } ? "&metadata=" + MetadataFilter.Format(Metadata) : "")
            + (States is { Count: > 0 } ? "&state=" + string.Join(',', States.Select(state => state is SandboxState.Paused ? "paused" : "running")) : "")
            + (NextToken is null ? "" : "&nextToken=" + Uri.EscapeDataString(NextToken));
    }
}

/// <summary>One page of a list of sandboxes.</summary>
/// <param name="Sandboxes">The sandboxes, newest first.</param>
/// <param name="NextToken">Where the next page begins; null on the last page.</param>
public sealed record SandboxPage(IReadOnlyList<SandboxInfo> Sandboxes, string? NextToken);
