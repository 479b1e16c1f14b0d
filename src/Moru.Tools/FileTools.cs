using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools that read and write files in a sandbox. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class FileTools(SandboxSession session)
{
    public const int MaxLines = 2_000;
    public const int MaxWriteBytes = 8 << 20;

    private const int MaxEntries = 300;
    private const string Relative = "Absolute, or relative to the home directory";

    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(60);

    [Description("Read a UTF-8 text file, or a range of its lines. Returns at most 2,000 lines or 32,000 characters and says how to read on.")]
    public Task<FileText> ReadAsync(
        [Description(Relative)] string path,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("First line to read"), Range(1, 1_000_000_000)] int start_line = 1,
        [Description("How many lines"), Range(1, MaxLines)] int line_count = MaxLines,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(sandbox_id, ReadPatience, sandbox => ReadAsync(sandbox, path, start_line, line_count, cancellationToken), cancellationToken);

    [Description("Write a text file, making missing directories and replacing what was there. At most 8 MB; fetch larger data from inside with run_command.")]
    public Task<WrittenText> WriteAsync(
        [Description(Relative)] string path,
        [Description("The whole content")] string content,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        var size = Encoding.UTF8.GetByteCount(content);
        if (size > MaxWriteBytes)
            throw new ToolException($"`content` is {size} bytes, write_file takes at most {MaxWriteBytes}. Write it in parts and join them with run_command (`cat part1 part2 > whole`), or download it inside the sandbox.");
        return session.UseAsync(sandbox_id, ReadPatience, sandbox => WriteAsync(sandbox, path, content, size, cancellationToken), cancellationToken);
    }

    [Description("List a directory with file sizes; directories end with a slash. Returns at most 300 entries.")]
    public Task<FileList> ListAsync(
        [Description(Relative)] string path = ".",
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        [Description("Levels to show"), Range(1, 8)] int depth = 1,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(sandbox_id, ReadPatience, sandbox => ListAsync(sandbox, path, depth, cancellationToken), cancellationToken);

    private static async Task<FileText> ReadAsync(Sandbox sandbox, string path, int firstLine, int lineCount, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReadPatience);
        var window = new TextWindow(firstLine, lineCount);
        try
        {
            await using var stream = await sandbox.Files.OpenReadAsync(path, cancellationToken: patience.Token);
            await window.ReadAsync(stream, patience.Token);
        }
        catch (NotFoundException error)
        {
            throw new ToolException($"There is no file '{path}' in sandbox {sandbox.SandboxId}. See what there is with list_files on its directory.", error);
        }
        catch (InvalidArgumentException error)
        {
            throw new ToolException($"'{path}' cannot be read: {ToolErrors.Sentence(error)} If it is a directory, use list_files.", error);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException($"Reading '{path}' took longer than {ReadPatience.TotalSeconds:0} s. Take the part you need with run_command, for example `sed -n '{firstLine},{firstLine + 99}p' FILE` or `tail`.", error);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new ToolException($"The connection to sandbox {sandbox.SandboxId} broke off while reading '{path}'. Try again; if it goes on, call list_sandboxes to see whether the sandbox still runs.", error);
        }

        return Describe(window, path, firstLine, lineCount);
    }

    private static FileText Describe(TextWindow window, string path, int firstLine, int lineCount)
    {
        if (window.BadByteAt is { } bad)
            throw new ToolException($"'{path}' is a binary file of {(window.AtEnd ? "" : "more than ")}{window.Bytes} bytes: the byte at offset {bad} is not UTF-8 text. Look at it with run_command: `file FILE`, `xxd FILE | head`, or a program that knows its format.");
        if (window.LastLine < firstLine && firstLine > 1)
            throw new ToolException($"`start_line` is {firstLine}, but '{path}' has only {window.TotalLines} lines.");

        string? note = null;
        if (window.LineCut)
            note = $"Line {window.LastLine} is longer than {TextWindow.MaxCharacters} characters and was cut; read the rest of it with run_command, for example `sed -n {window.LastLine}p FILE | cut -c {TextWindow.MaxCharacters + 1}-`.";
        if (window.TotalLines is not { } total || window.LastLine < total)
            note = $"{note} Lines {firstLine} to {window.LastLine} of {window.TotalLines?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "many"}. Read on with start_line={window.LastLine + 1}.".TrimStart();
        return new FileText
        {
            Path = path,
            Content = window.Content,
            StartLine = firstLine,
            EndLine = window.LastLine,
            TotalLines = window.TotalLines,
            Note = note,
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
            var omitted = Math.Max(0, entries.Count - MaxEntries);
            return new FileList
            {
                Path = root.Length == 0 ? "/" : root,
                Entries = [.. entries.Take(MaxEntries).Select(entry => new FileLine
                {
                    Path = entry.Path[(root.Length + (entries.Count == 0 ? 0 : 1))..],
                    SizeBytes = entry.Type == FileType.Directory ? null : entry.SizeBytes,
                })],
                Omitted = omitted == 0 ? null : omitted,
                Note = omitted == 0 ? null : $"{omitted} more entries were left out. List a directory below, or search with run_command (`find`, `ls | head`).",
            };
        }
        catch (NotFoundException error)
        {
            throw new ToolException($"There is no directory '{path}' in sandbox {sandbox.SandboxId}. See what there is with list_files on the directory above it.", error);
        }
        catch (InvalidArgumentException error)
        {
            throw new ToolException($"'{path}' cannot be listed: {ToolErrors.Sentence(error)} If it is a file, use read_file.", error);
        }
    }
}
