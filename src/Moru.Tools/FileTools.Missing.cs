namespace Moru.Tools;

/// <content>What to tell a model that named a file which is not there.</content>
internal sealed partial class FileTools
{
    private const int MaxNames = 20;

    // As the agent in the sandbox says where a link leads that leads nowhere.
    private const string IsLink = ": it is a symbolic link to ";

    /// <summary>Says what there is instead: the names nearest to the one that was meant, so that the next call can be right.</summary>
    private static async Task<ToolException> MissingAsync(Sandbox sandbox, string path, string what, Exception? error, CancellationToken cancellationToken)
    {
        if (error?.Message is { } said && said.IndexOf(IsLink, StringComparison.Ordinal) is >= 0 and var at)
            return new ToolException($"There is no {what} '{path}' in sandbox {sandbox.SandboxId}{IsLink}{CleanText.MarkWords(said[(at + IsLink.Length)..].TrimEnd('.'))}.", error);
        var (parent, name) = Split(path.TrimEnd('/'));
        try
        {
            while (true)
            {
                if (await NamesAsync(sandbox, parent, name, cancellationToken) is { } names)
                    return new ToolException($"There is no {what} '{path}' in sandbox {sandbox.SandboxId}. {(names.Length == 0 ? $"'{parent}' is empty." : $"'{parent}' has: {CleanText.MarkWords(names)}.")}", error);
                (parent, name) = Split(parent);
            }
        }
        catch (InvalidArgumentException)
        {
            return new ToolException($"There is no {what} '{path}' in sandbox {sandbox.SandboxId}: '{parent}' is a file, not a directory.", error);
        }
    }

    /// <summary>Names in a directory, the most similar first; null when it is not there.</summary>
    private static async Task<string?> NamesAsync(Sandbox sandbox, string directory, string like, CancellationToken cancellationToken)
    {
        try
        {
            var entries = await sandbox.Files.ListAsync(directory, cancellationToken: cancellationToken);
            var names = entries.OrderBy(entry => Distance(entry.Name, like)).ThenBy(entry => entry.Name, StringComparer.Ordinal)
                .Select(entry => CleanText.OfName(entry.Name) + (entry.Type == Protocol.FileType.Directory ? "/" : ""));
            return string.Join(", ", names.Take(MaxNames)) + (entries.Count > MaxNames ? $" and {entries.Count - MaxNames} more" : "");
        }
        catch (NotFoundException) when (directory is not ("/" or "."))
        {
            return null;
        }
    }

    private static (string Parent, string Name) Split(string path) => path.LastIndexOf('/') switch
    {
        < 0 => (".", path),
        0 => ("/", path[1..]),
        var slash => (path[..slash], path[(slash + 1)..]),
    };

    /// <summary>Edits that make one name of the other (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var costs = Enumerable.Range(0, right.Length + 1).ToArray();
        foreach (var letter in left)
        {
            var diagonal = costs[0]++;
            for (var at = 1; at < costs.Length; at++)
                (diagonal, costs[at]) = (costs[at], Math.Min(Math.Min(costs[at], costs[at - 1]) + 1, diagonal + (letter == right[at - 1] ? 0 : 1)));
        }

        return costs[^1];
    }
}
