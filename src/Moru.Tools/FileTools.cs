using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools that read and write files in a sandbox. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed partial class FileTools(SandboxSession session)
{
    public const int MaxWriteBytes = 8 << 20;

    /// <summary>As Linux has it.</summary>
    public const int MaxPath = 4_096;

    private const int DefaultLines = 2_000;
    private const int MaxLines = 10_000;
    private const int MaxReadBytes = 32_000;

    private const int MaxEntries = 300;
    private const string Relative = "Absolute or from home";

    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(60);

    [Description("Read a text file, 8,000 bytes at most unless line_count is given; look at an image; or list a directory.")]
    public Task<FileText> ReadAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("First line"), Range(1, 1_000_000_000)] int start_line = 1,
        [Description("How many lines"), Range(1, MaxLines)] int? line_count = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            ReadPatience,
            sandbox =>
            {
                var window = new TextWindow(start_line, line_count ?? DefaultLines, line_count is null ? CommandReport.Budget : MaxReadBytes);
                return ReadAsync(sandbox, path, start_line, window, sandbox_id, cancellationToken);
            },
            cancellationToken);

    [Description("Write a text file, creating missing directories.")]
    public Task<WrittenText> WriteAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description("Whole content")] string content,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        var size = Encoding.UTF8.GetByteCount(content);
        if (size > MaxWriteBytes)
            throw new ToolException($"`content` is {size} bytes, write_file takes at most {MaxWriteBytes}. Write it in parts and join them with run_command (`cat part1 part2 > whole`), or download it inside the sandbox.");
        return session.UseAsync(sandbox_id, ReadPatience, sandbox => WriteAsync(sandbox, path, content, size, cancellationToken), cancellationToken);
    }

    [Description("List a directory, at most 300 entries, or describe one file.")]
    public Task<FileList> ListAsync(
        [Description(Relative)] string path = ".",
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("Levels"), Range(1, 8)] int depth = 1,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(sandbox_id, ReadPatience, sandbox => ListAsync(sandbox, path, depth, cancellationToken), cancellationToken);

    private static async Task<FileText> ReadAsync(
        Sandbox sandbox, string path, int firstLine, TextWindow window, string? sandboxId, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReadPatience);
        try
        {
            await using var stream = await sandbox.Files.OpenReadAsync(path, cancellationToken: patience.Token);
            await window.ReadAsync(stream, patience.Token);
            if (window.BadByteAt is not null && Picture.TypeOf(window.Magic) is { } type) return await Picture.ReadAsync(sandbox, path, type, sandboxId, patience.Token);
        }
        catch (NotFoundException error)
        {
            throw await MissingAsync(sandbox, path, "file", error, cancellationToken);
        }
        catch (InvalidArgumentException)
        {
            return FileText.From(await ListAsync(sandbox, path, 1, cancellationToken), path);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"Reading '{path}' took longer than {ReadPatience.TotalSeconds:0} s. Take the part you need with run_command, for example `sed -n '{firstLine},{firstLine + 99}p' FILE` or `tail`.", error);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new ToolException($"The connection to sandbox {sandbox.SandboxId} broke off while reading '{path}'. Try again; if it goes on, call list_sandboxes to see whether the sandbox still runs.", error);
        }

        return Describe(window, path, firstLine, sandboxId);
    }

    private static FileText Describe(TextWindow window, string path, int firstLine, string? sandboxId)
    {
        if (window.BadByteAt is { } bad)
            throw new ToolException($"'{path}' is a binary file of {(window.AtEnd ? "" : "more than ")}{window.Bytes} bytes: the byte at offset {bad} is not UTF-8 text. Look at it with run_command: `file FILE`, `xxd FILE | head`, or a program that knows its format.");
        if (window.LastLine < firstLine && firstLine > 1)
            throw new ToolException($"`start_line` is {firstLine}, but '{path}' has only {window.TotalLines} lines.");

        var content = CleanText.OfFile(window.Content);
        var notes = new List<string>();
        if (window.LineCut)
        {
            var bytes = Encoding.UTF8.GetByteCount(window.Content);
            notes.Add($"Line {window.LastLine} is longer than {bytes} bytes and was cut; read the rest of it with run_command, for example `sed -n {window.LastLine}p FILE | cut -b {bytes + 1}-`.");
        }

        if (window.TotalLines is not { } total || window.LastLine < total)
            notes.Add($"Lines {firstLine} to {window.LastLine} of {window.TotalLines?.ToString(CultureInfo.InvariantCulture) ?? "many"}. Read on with {ToolCall.Write("read_file", ("path", path), ("start_line", window.LastLine + 1), ("sandbox_id", sandboxId))}.");
        if (content.Length != window.Content.Length) notes.Add("Characters that cannot be seen are shown as \\u{HEX}; in the file they are single characters.");
        return new FileText
        {
            Path = path,
            Content = content,
            StartLine = firstLine,
            EndLine = window.LastLine,
            TotalLines = window.TotalLines,
            Note = notes.Count == 0 ? null : string.Join(' ', notes),
        };
    }

    private static async Task<WrittenText> WriteAsync(Sandbox sandbox, string path, string content, int size, CancellationToken cancellationToken)
    {
        try
        {
            await sandbox.Files.WriteAsync(path, content, cancellationToken: cancellationToken);
            return new WrittenText { Path = path, SizeBytes = size };
        }
        catch (InvalidArgumentException error)
        {
            throw new ToolException($"'{path}' cannot be written: {ToolErrors.Sentence(error)} If it is a directory, give a file name inside it.", error);
        }
    }

    private static async Task<FileList> ListAsync(Sandbox sandbox, string path, int depth, CancellationToken cancellationToken)
    {
        try
        {
            var entries = await sandbox.Files.ListAsync(path, depth, cancellationToken: cancellationToken);
            var root = entries.Count == 0 ? path : entries[0].Path[..^(entries[0].Name.Length + 1)];
            var lines = Fitting(entries.Take(MaxEntries).Select(entry => new FileLine
            {
                Path = CleanText.OfName(entry.Path[(root.Length + 1)..]),
                SizeBytes = entry.Type == FileType.Directory ? null : entry.SizeBytes,
            }));
            var omitted = entries.Count - lines.Count;
            return new FileList
            {
                Path = root.Length == 0 ? "/" : root,
                Entries = lines,
                Omitted = omitted == 0 ? null : omitted,
                Note = omitted == 0 ? null : $"{omitted} more entries were left out. List a directory below it, or search with run_command (`find`, `ls | head`).",
            };
        }
        catch (NotFoundException error)
        {
            throw await MissingAsync(sandbox, path, "directory", error, cancellationToken);
        }
        catch (InvalidArgumentException)
        {
            var file = await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken);
            return new FileList
            {
                Path = file.Path[..^(file.Name.Length + 1)],
                Entries = [new FileLine { Path = CleanText.OfName(file.Name), SizeBytes = file.SizeBytes }],
                Note = $"A {KindOf(file)}, {file.Permissions} {file.Owner}:{file.Group}, changed {file.ModifiedTime.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC{(file.SymlinkTarget is { } target ? $", a link to {CleanText.MarkWords(target)}" : "")}.",
            };
        }
    }

    private static string KindOf(EntryInfo entry) => (entry.Type, entry.Permissions) switch
    {
        (not FileType.Unspecified, _) => entry.Type.ToString().ToLowerInvariant(),
        (_, ['L', ..]) => entry.SymlinkTarget is null ? "link that leads nowhere" : "link to a special file",
        (_, ['p', ..]) => "named pipe",
        (_, ['S', ..]) => "socket",
        (_, ['D', 'c', ..]) => "character device",
        (_, ['D', ..]) => "block device",
        _ => "special file",
    };

    /// <summary>As many as a model is shown at once.</summary>
    private static List<FileLine> Fitting(IEnumerable<FileLine> lines)
    {
        var size = 0;
        return [.. lines.TakeWhile(line => (size += line.ToString().Length) <= CommandReport.Budget)];
    }
}
