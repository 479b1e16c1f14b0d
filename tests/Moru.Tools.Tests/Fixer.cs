using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Moru.Tools.Tests;

/// <summary>Mends a call by nothing but the words of its error, as a model would, but by fixed rules.</summary>
public static partial class Fixer
{
    /// <summary>The calls to make instead; the last one is the one that must succeed.</summary>
    public static IReadOnlyList<(string Tool, JsonObject Arguments)> Fix(string tool, JsonObject wrong, string error)
    {
        var mended = wrong.DeepClone().AsObject();
        if (error.StartsWith("Wrong arguments", StringComparison.Ordinal)) return [(tool, ByExample(wrong, error))];
        if (Between(error, "newest first: ") is { } pid) return [(tool, With(mended, "pid", JsonNode.Parse(pid)!))];
        if (Between(error, "Open there: ") is { } terminal) return [(tool, With(mended, "pid", JsonNode.Parse(terminal)!))];
        if (Between(error, "has: <untrusted>") is { } name) return [(tool, With(mended, "path", Sibling(wrong["path"]!.GetValue<string>(), name)))];
        if (Between(error, "There are: ") is { } thing) return [(tool, With(mended, new[] { "template", "volume_id", "volume" }.First(parameter => wrong.ContainsKey(parameter) || parameter == "volume"), thing))];
        if (LeftOut().Match(error) is { Success: true } left && mended.Remove(left.Groups[1].Value)) return [(tool, mended)];
        if (WrittenCall().Match(error) is { Success: true } call)
        {
            var arguments = JsonNode.Parse(call.Groups[2].Value)!.AsObject();
            return call.Groups[1].Value == tool ? [(tool, arguments)] : [(call.Groups[1].Value, arguments), (tool, mended)];
        }

        if (error.Contains("set `all` to true", StringComparison.Ordinal)) return [(tool, With(mended, "all", true))];
        throw new InvalidOperationException($"Nothing in this error says what to do: {error}");
    }

    /// <summary>The correct call of the error, with what the wrong one said and nobody complained of. A name that is not known means the one that is missing.</summary>
    private static JsonObject ByExample(JsonObject wrong, string error)
    {
        var mistakes = error[..error.IndexOf("A correct call: ", StringComparison.Ordinal)];
        var mended = JsonNode.Parse(error[error.IndexOf('{', mistakes.Length)..])!.AsObject();
        var missing = Missing().Match(mistakes).Groups[1].Value;
        foreach (var (parameter, value) in wrong)
        {
            if (!mistakes.Contains($"`{parameter}` must", StringComparison.Ordinal) && !mistakes.Contains($"no argument `{parameter}`", StringComparison.Ordinal)) mended[parameter] = value!.DeepClone();
            else if (missing.Length > 0 && mistakes.Contains($"no argument `{parameter}`", StringComparison.Ordinal)) mended[missing] = value!.DeepClone();
        }

        return mended;
    }

    private static JsonObject With(JsonObject call, string parameter, JsonNode value)
    {
        call[parameter] = value;
        return call;
    }

    private static string Sibling(string path, string name) => path.LastIndexOf('/') is >= 0 and var slash ? path[..(slash + 1)] + name : name;

    /// <summary>The first of a list that follows a word.</summary>
    private static string? Between(string error, string before)
    {
        var start = error.IndexOf(before, StringComparison.Ordinal);
        return start < 0 ? null : error[(start + before.Length)..].Split(", ")[0].Split("</untrusted>")[0].Split(' ')[0].TrimEnd('.', '/');
    }

    [GeneratedRegex("eave out `(\\w+)`")]
    private static partial Regex LeftOut();

    [GeneratedRegex("(\\w+_\\w+) (\\{\"[^}]*\\})")]
    private static partial Regex WrittenCall();

    [GeneratedRegex("`(\\w+)` is missing")]
    private static partial Regex Missing();
}
