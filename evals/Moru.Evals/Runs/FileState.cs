namespace Moru.Evals;

/// <summary>What is in the files of a sandbox's home and /mnt/data.</summary>
internal static class FileState
{
    private const string Command = "find /home/user /mnt/data -xdev -type f -size -1024k -not -path '*/.git/*' -not -path '*/__pycache__/*' 2>/dev/null | sort | head -500 | tr '\\n' '\\0' | xargs -0 -r sha256sum 2>/dev/null";

    public static async Task<IReadOnlyDictionary<string, string>> CaptureAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            var result = await sandbox.Commands.RunAsync($"{Command}; true", new() { User = "root" }, cancellationToken);
            return result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Length > 66).ToDictionary(line => line[66..], line => line[..64]);
        }
        catch (SandboxException)
        {
            return new Dictionary<string, string>(); // the agent has killed it
        }
    }

    public static IReadOnlyList<FileChange> Changes(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
    [
        .. after.Where(file => before.GetValueOrDefault(file.Key) != file.Value).Select(file => new FileChange(file.Key, file.Value)),
        .. before.Keys.Where(path => !after.ContainsKey(path)).Select(path => new FileChange(path, null)),
    ];
}
