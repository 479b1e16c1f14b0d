namespace Moru;

/// <summary>Words for a bash command line.</summary>
internal static class ShellWord
{
    private const string Plain = "_@%+=:,./-";

    public static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || Plain.Contains(letter))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>A leading <c>~/</c> stays the home directory.</summary>
    public static string QuotePath(string path) => path is "~" or "~/" ? path
        : path.StartsWith("~/", StringComparison.Ordinal) ? "~/" + Quote(path[2..])
        : Quote(path);
}
