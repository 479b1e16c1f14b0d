namespace Moru.Tools;

/// <summary>
/// Pictures in files. One that is too large for a model is made smaller in the sandbox, by Pillow: a picture of a stranger is nothing
/// that the server should decode.
/// </summary>
internal static class Picture
{
    private static readonly string Shrink = KernelSource.Read("shrink.py");

    /// <summary>Media type of what begins with these bytes; null when models cannot look at it.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> magic) => magic switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "image/gif",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        _ => null,
    };

    public static async Task<FileText> ReadAsync(Sandbox sandbox, string path, string mediaType, string? sandboxId, CancellationToken cancellationToken)
    {
        var file = await sandbox.Files.GetInfoAsync(path, cancellationToken: cancellationToken);
        if (file.SizeBytes <= ToolImage.MaxBytes) return Show(path, new ToolImage(mediaType, await sandbox.Files.ReadBytesAsync(path, cancellationToken: cancellationToken)));
        return Show(path, await ShrinkAsync(sandbox, path, file.SizeBytes, sandboxId, cancellationToken)) with
        {
            Originals = [new ToolFile(file.Path, mediaType, file.SizeBytes)],
            Note = $"The file has {file.SizeBytes} bytes; this is a smaller copy.",
        };
    }

    private static async Task<ToolImage> ShrinkAsync(Sandbox sandbox, string path, long size, string? sandboxId, CancellationToken cancellationToken)
    {
        var script = $"python3 -c {CommandScript.Quote(Shrink + "\nprint(*shrink_file(sys.argv[1]))")} {CommandScript.Quote(path)}";
        try
        {
            var answer = (await sandbox.Commands.RunAsync(script, new CommandOptions { OutputLimit = 1 << 20 }, cancellationToken)).Stdout.Trim().Split(' ');
            return new ToolImage(answer[0], Convert.FromBase64String(answer[1]));
        }
        catch (CommandExitException error)
        {
            throw new ToolException($"'{path}' is a picture of {size} bytes; at most {ToolImage.MaxBytes} are shown, and it could not be made smaller in sandbox {sandbox.SandboxId} ({CleanText.MarkWords(error.Stderr.Trim().Split('\n')[^1])}). Install Pillow with {ToolCall.Write("run_command", ("command", "sudo apt-get update && sudo apt-get install -y python3-pil"), ("sandbox_id", sandboxId))}, or work in a sandbox of the template python.", error);
        }
    }

    private static FileText Show(string path, ToolImage image) =>
        new() { Path = path, Content = "", StartLine = 0, EndLine = 0, MediaType = image.MediaType, Images = [image] };
}
