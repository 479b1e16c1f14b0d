using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Moru.Envd;

/// <summary>What a conditional request comes to.</summary>
internal enum Precondition
{
    Proceed,
    NotModified,
    Failed,
}

/// <summary>The version of a file that stands on disk, and how conditional requests compare with it (RFC 9110, section 13).</summary>
/// <remarks>
/// Last-Modified is the file's own time and not, as upstream, the time of the request: conditions would never hold there.
/// </remarks>
internal sealed record FileVersion(EntityTagHeaderValue Tag, DateTimeOffset Modified)
{
    public static FileVersion Of(FileStatus status) => new(
        new EntityTagHeaderValue($"\"{status.ModifiedTime.UtcTicks:x}-{status.Size:x}-{status.Identity.Inode:x}\""),
        // A date of HTTP has whole seconds.
        DateTimeOffset.FromUnixTimeSeconds(status.ModifiedTime.ToUnixTimeSeconds()));

    /// <summary>The order of the checks is the RFC's: tags before dates, what must hold before what must not.</summary>
    public Precondition Check(IHeaderDictionary request)
    {
        if (request.IfMatch is { Count: > 0 } match)
        {
            if (!Contains(match, strong: true)) return Precondition.Failed;
        }
        else if (HeaderUtilities.TryParseDate(request.IfUnmodifiedSince.ToString(), out var limit) && Modified > limit)
        {
            return Precondition.Failed;
        }

        if (request.IfNoneMatch is { Count: > 0 } noneMatch) return Contains(noneMatch, strong: false) ? Precondition.NotModified : Precondition.Proceed;
        return HeaderUtilities.TryParseDate(request.IfModifiedSince.ToString(), out var since) && Modified <= since ? Precondition.NotModified : Precondition.Proceed;
    }

    /// <summary>Whether a range may be cut from this version, as the client has the rest of it.</summary>
    public bool AllowsRange(IHeaderDictionary request)
    {
        if (request.IfRange.Count == 0) return true;
        var text = request.IfRange.ToString();
        return EntityTagHeaderValue.TryParse(text, out var tag) ? tag.Compare(Tag, useStrongComparison: true)
            : HeaderUtilities.TryParseDate(text, out var date) && date == Modified;
    }

    private bool Contains(StringValues list, bool strong) =>
        EntityTagHeaderValue.TryParseList(list, out var tags) && tags.Any(tag => tag.Tag == "*" || tag.Compare(Tag, strong));
}
