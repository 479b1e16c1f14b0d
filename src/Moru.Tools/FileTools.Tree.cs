using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Moru.Tools;

/// <content>Tools on directories and names.</content>
internal sealed partial class FileTools
{
    private const int MaxMatches = 200;
    private const int MaxChanges = 200;
    private const int MaxMatchLength = 200;

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(0.3);

    [Description("Find files by name, or lines in them by content. Skips .git, node_modules and binary files.")]
    public Task<FoundFiles> SearchAsync(
        [Description("Extended regular expression that a line must match")] string? content = null,
        [Description("Pattern of file names, such as *.py")] string? name = null,
        [Description("Directory. Default: home")] string path = ".",
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        if (content is null && name is null)
            throw new ToolException($"Give `content`, `name` or both. For example: {ToolCall.Write("search_files", ("content", "def main"), ("name", "*.py"), ("sandbox_id", sandbox_id))}");
        return session.UseAsync(sandbox_id, ReadPatience, sandbox => SearchAsync(sandbox, content, name, path, sandbox_id, cancellationToken), cancellationToken);
    }

    [Description("Move or rename a file or directory, creating missing directories.")]
    public Task<MovedFile> MoveAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description("Its new path"), StringLength(MaxPath, MinimumLength = 1)] string destination,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            ReadPatience,
            async sandbox =>
            {
                try
                {
                    var moved = await sandbox.Files.RenameAsync(path, destination, cancellationToken: cancellationToken);
                    return new MovedFile { Path = path, Destination = moved.Path };
                }
                catch (NotFoundException error)
                {
                    throw await MissingAsync(sandbox, path, "file", error, cancellationToken);
                }
            },
            cancellationToken);

    [Description("Remove a file, or a directory with all in it.")]
    public Task<RemovedFile> RemoveAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            ReadPatience,
            async sandbox =>
            {
                var there = await sandbox.Files.ExistsAsync(path, cancellationToken: cancellationToken);
                if (there) await sandbox.Files.RemoveAsync(path, cancellationToken: cancellationToken);
                return new RemovedFile { Path = path, Removed = there };
            },
            cancellationToken);

    [Description("Wait until something changes in a directory, and say what.")]
    public Task<FileChanges> WatchAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description("Longest wait"), Range(1, CommandTools.MaxWaitSeconds)] int wait_seconds = 30,
        [Description("Everything below it too")] bool recursive = false,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        var wait = TimeSpan.FromSeconds(wait_seconds);
        return session.UseAsync(sandbox_id, wait, sandbox => WatchAsync(sandbox, path, wait, recursive, cancellationToken), cancellationToken);
    }

    private static async Task<FoundFiles> SearchAsync(Sandbox sandbox, string? content, string? name, string path, string? sandboxId, CancellationToken cancellationToken)
    {
        var where = CommandScript.Quote(path.StartsWith('-') ? "./" + path : path);
        var glob = CommandScript.Quote(name ?? "*");
        var search = content is null
            ? $"find {where} \\( -name .git -o -name node_modules \\) -prune -o -name {glob} -print0"
            : $"grep -rnHIEsZ --exclude-dir=.git --exclude-dir=node_modules --include={glob} -e {CommandScript.Quote(content)} -- {where}";

        var end = content is null ? "-z" : ""; // a name may have line ends
        // grep says with -s nothing of files it may not read, but with 2 that the expression is wrong; the empty input shows which.
        var script = $"""
            [ -e {where} ] || exit 44
            {(content is null ? "" : $"grep -qE -e {CommandScript.Quote(content)} </dev/null; [ $? -lt 2 ] || exit 45")}
            {search} 2>/dev/null | cut {end} -c 1-1000 | head {end} -n {MaxMatches + 1}
            """;
        try
        {
            var options = new CommandOptions { Timeout = ReadPatience, OutputLimit = 1 << 20 };
            return Found((await sandbox.Commands.RunAsync(script, options, cancellationToken)).Stdout, content is not null);
        }
        catch (CommandExitException error) when (error.ExitCode == 44)
        {
            throw await MissingAsync(sandbox, path, "directory", error, cancellationToken);
        }
        catch (CommandExitException error) when (error.ExitCode == 45)
        {
            throw new ToolException($"`content` is not a valid extended regular expression ({CleanText.MarkWords(error.Stderr.Trim())}). Put a backslash before ( ) [ {{ * + ? . | ^ $ that you mean literally, for example: {ToolCall.Write("search_files", ("content", "main\\(\\)"), ("sandbox_id", sandboxId))}", error);
        }
        catch (SandboxTimeoutException error) when (!ToolErrors.IsGone(error))
        {
            throw new ToolException($"The search took longer than {ReadPatience.TotalSeconds:0} s. Search a smaller directory with `path`.", error);
        }
    }

    private static FoundFiles Found(string output, bool lines)
    {
        var matches = new List<FoundLine>();
        var size = 0;
        var all = output.Split(lines ? '\n' : '\0', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in all.Take(MaxMatches))
        {
            var match = lines ? Match(line) : new FoundLine { Path = CleanText.OfName(line) };
            size += match.ToString().Length + 1;
            if (size > CommandReport.Budget) break;
            matches.Add(match);
        }

        var note = matches.Count == all.Length ? null : string.Create(CultureInfo.InvariantCulture, $"Only the first {matches.Count} are shown. Narrow the search with `path`, `name` or a more exact `content`.");
        return new FoundFiles { Matches = matches, Note = note };
    }

    /// <summary>PATH, NUL, NUMBER, colon, TEXT.</summary>
    private static FoundLine Match(string line)
    {
        var nul = line.IndexOf('\0', StringComparison.Ordinal);
        var colon = line.IndexOf(':', Math.Max(nul, 0));
        if (nul < 0 || colon < 0 || !int.TryParse(line.AsSpan(nul + 1, colon - nul - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return new FoundLine { Path = CleanText.OfName(line) };
        var text = line[(colon + 1)..].TrimEnd('\r');
        return new FoundLine { Path = CleanText.OfName(line[..nul]), Line = number, Text = CleanText.OfName(text.Length <= MaxMatchLength ? text : $"{text[..MaxMatchLength]}…") };
    }

    private static async Task<FileChanges> WatchAsync(Sandbox sandbox, string path, TimeSpan wait, bool recursive, CancellationToken cancellationToken)
    {
        var changes = new List<FileChange>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await using var watch = await sandbox.Files.WatchDirAsync(path, new WatchOptions { Recursive = recursive }, cancellationToken);
            stop.CancelAfter(wait);
            await foreach (var change in watch.EventsAsync(stop.Token))
            {
                var line = new FileChange(change.Type.ToString().ToLowerInvariant(), CleanText.OfName(change.Name));
                if (changes.Count == 0 || changes[^1] != line) changes.Add(line);
                if (changes.Count == MaxChanges) break;
                stop.CancelAfter(Settled); // the rest of what one action does follows at once
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over, or nothing follows.
        }
        catch (NotFoundException error)
        {
            throw await MissingAsync(sandbox, path, "directory", error, cancellationToken);
        }
        catch (InvalidArgumentException error)
        {
            throw new ToolException($"'{path}' cannot be watched: {ToolErrors.Sentence(error)} Watch the directory that it is in.", error);
        }

        return new FileChanges { Changes = changes, Note = changes.Count == MaxChanges ? "More changed; look at the files themselves." : null };
    }
}
