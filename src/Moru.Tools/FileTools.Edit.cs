using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;

namespace Moru.Tools;

/// <content>The tool that changes files.</content>
internal sealed partial class FileTools
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Description("Replace text that occurs once in a file.")]
    public Task<EditedText> EditAsync(
        [Description(Relative), StringLength(MaxPath, MinimumLength = 1)] string path,
        [Description("Unique text to replace")] string old_text,
        [Description("Replacement")] string new_text,
        [Description("Every occurrence")] bool all = false,
        [Description(SandboxTools.WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default)
    {
        if (old_text.Length == 0)
            throw new ToolException("`old_text` is empty: give the text to replace. To add text, repeat the line before it in both; to write a whole file, use write_file.");
        if (old_text == new_text) throw new ToolException("`old_text` and `new_text` are the same, so nothing would change.");
        return session.UseAsync(sandbox_id, ReadPatience, sandbox => EditAsync(sandbox, path, old_text, new_text, all, sandbox_id, cancellationToken), cancellationToken);
    }

    private static async Task<EditedText> EditAsync(Sandbox sandbox, string path, string oldText, string newText, bool all, string? sandboxId, CancellationToken cancellationToken)
    {
        var content = await ReadWholeAsync(sandbox, path, cancellationToken);

        // Models write \n; a file of another system keeps its line ends.
        if (content.Contains("\r\n", StringComparison.Ordinal) && !oldText.Contains('\r', StringComparison.Ordinal))
            (oldText, newText) = (oldText.Replace("\n", "\r\n", StringComparison.Ordinal), newText.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));

        var places = Places(content, oldText);
        if (places.Count == 0) throw new ToolException(DescribeMissing(path, content, oldText, sandboxId));
        if (places.Count > 1 && !all)
        {
            var lines = string.Join(", ", places.Take(10).Select(place => LineOf(content, place)));
            throw new ToolException($"`old_text` occurs {places.Count} times in '{path}' (lines {lines}{(places.Count > 10 ? "..." : "")}). Add the lines around the one you mean, or set `all` to true to replace each.");
        }

        await WriteAsync(sandbox, path, content.Replace(oldText, newText, StringComparison.Ordinal), 0, cancellationToken);
        return new EditedText { Path = path, Line = LineOf(content, places[0]), Replaced = places.Count };
    }

    private static async Task<string> ReadWholeAsync(Sandbox sandbox, string path, CancellationToken cancellationToken)
    {
        try
        {
            var size = (await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken)).SizeBytes;
            if (size > MaxWriteBytes)
                throw new ToolException($"'{path}' has {size} bytes; edit_file takes files up to {MaxWriteBytes}. Change it with run_command (sed, python3).");
            return StrictUtf8.GetString(await sandbox.Files.ReadBytesAsync(path, cancellationToken: cancellationToken));
        }
        catch (NotFoundException error)
        {
            throw await MissingAsync(sandbox, path, "file", error, cancellationToken);
        }
        catch (InvalidArgumentException error)
        {
            throw new ToolException($"'{path}' cannot be edited: {ToolErrors.Sentence(error)} If it is a directory, see its files with read_file.", error);
        }
        catch (DecoderFallbackException error)
        {
            throw new ToolException($"'{path}' is not UTF-8 text, so edit_file leaves it alone. Change it with run_command (sed, python3).", error);
        }
    }

    private static List<int> Places(string content, string text)
    {
        var places = new List<int>();
        for (var at = content.IndexOf(text, StringComparison.Ordinal); at >= 0; at = content.IndexOf(text, at + text.Length, StringComparison.Ordinal)) places.Add(at);
        return places;
    }

    // The usual mistake is other white space; then the line is there and its number helps more than advice.
    private static string DescribeMissing(string path, string content, string oldText, string? sandboxId)
    {
        var wanted = oldText.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0);
        var lines = content.Split('\n');
        var near = wanted is null ? -1 : Array.FindIndex(lines, line => line.Contains(wanted, StringComparison.Ordinal));
        var hint = near < 0
            ? $"Read the file first: {ToolCall.Write("read_file", ("path", path), ("sandbox_id", sandboxId))}."
            : $"Its first line is similar to line {near + 1}: white space or what follows differs. Read it: {ToolCall.Write("read_file", ("path", path), ("start_line", Math.Max(1, near)), ("line_count", oldText.Count(c => c == '\n') + 5), ("sandbox_id", sandboxId))}.";
        return $"`old_text` does not occur in '{path}', so nothing was changed. {hint}";
    }

    private static int LineOf(string content, int place) => 1 + content.AsSpan(0, place).Count('\n');
}
