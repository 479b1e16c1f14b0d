using System.Text;
using System.Text.RegularExpressions;

namespace Moru;

/// <summary>Patterns of paths in the language of <c>.dockerignore</c>. A pattern takes all below what it matches; a later one wins over an earlier.</summary>
internal sealed class PathPatterns
{
    private readonly (Regex Pattern, bool Takes)[] rules;

    public PathPatterns(IEnumerable<string> patterns) => rules =
    [
        .. patterns.Select(pattern => pattern.Trim())
            .Where(pattern => pattern.Length > 0 && pattern[0] != '#')
            .Select(pattern => pattern[0] == '!' ? (Compile(pattern[1..], andBelow: true), false) : (Compile(pattern, andBelow: true), true)),
    ];

    /// <summary>Whether something below a directory that matches may not match.</summary>
    public bool HasExceptions => rules.Any(rule => !rule.Takes);

    public bool Match(string path) => rules.LastOrDefault(rule => rule.Pattern.IsMatch(path)).Takes;

    /// <summary>A pattern with <c>*</c> and <c>?</c> for what is between slashes, <c>[…]</c>, and <c>**</c> for any number of directories.</summary>
    public static Regex Compile(string pattern, bool andBelow)
    {
        pattern = pattern.Trim().Trim('/');
        var regex = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest.StartsWith("**/"))
            {
                regex.Append("(.*/)?");
                i += 2;
            }
            else if (rest.StartsWith("**"))
            {
                regex.Append(".*");
                i++;
            }
            else if (rest[0] == '[' && rest.IndexOf(']') is var end and > 1)
            {
                regex.Append('[').Append(rest[1] is '!' or '^' ? "^" : "").Append(rest[(rest[1] is '!' or '^' ? 2 : 1)..end].ToString().Replace("\\", "\\\\", StringComparison.Ordinal)).Append(']');
                i += end;
            }
            else
            {
                regex.Append(rest[0] switch { '*' => "[^/]*", '?' => "[^/]", var letter => Regex.Escape(letter.ToString()) });
            }
        }

        return new Regex(regex.Append(andBelow ? "(/.*)?" : "").Append('$').ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking);
    }
}
