using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Moru.Server;

/// <summary>The query parameters of lists: how long a page is, after which row it begins, and choices from a closed set.</summary>
internal static class Paging
{
    private const int MaxLimit = 100;

    public static int Limit(IQueryCollection query)
    {
        string? text = query["limit"];
        if (string.IsNullOrEmpty(text)) return MaxLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit
            ? limit
            : throw ApiBody.Invalid($"limit must be 1 to {MaxLimit}");
    }

    /// <summary>Time and id, since rows of the same moment are told apart by their ids.</summary>
    public static string Token(DateTimeOffset time, string id) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes($"{time.UtcDateTime:O}__{id}"));

    public static (DateTimeOffset Time, string Id)? After(IQueryCollection query)
    {
        string? token = query["nextToken"];
        if (string.IsNullOrEmpty(token)) return null;
        try
        {
            var parts = Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(token)).Split("__", 2);
            return (DateTimeOffset.ParseExact(parts[0], "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), parts[1]);
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "Invalid next token");
        }
    }

    /// <summary>Values that are repeated, separated by commas, or both. None given: all.</summary>
    public static HashSet<T> Choice<T>(StringValues given, string name, IReadOnlyDictionary<string, T> words)
    {
        var chosen = given.SelectMany(value => (value ?? "").Split(',')).Select(word =>
            words.TryGetValue(word, out var value) ? value : throw ApiBody.Invalid($"{name} '{word}' is none of {string.Join(", ", words.Keys)}")).ToHashSet();
        return chosen.Count > 0 ? chosen : [.. words.Values];
    }
}
