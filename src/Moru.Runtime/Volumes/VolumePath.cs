using System.Text;

namespace Moru.Runtime;

/// <summary>An absolute path in a volume, cleaned: no part of it is empty, <c>.</c> or <c>..</c>, so that following it only leads down.</summary>
internal sealed class VolumePath
{
    private const int MaxBytes = 4096, MaxNameBytes = 255;

    private readonly IReadOnlyList<string> parts;

    private VolumePath(IReadOnlyList<string> parts) => this.parts = parts;

    /// <summary>Names of the directories on the way to the last part.</summary>
    public IEnumerable<byte[]> Parents => parts.SkipLast(1).Select(Encoding.UTF8.GetBytes);

    public IEnumerable<byte[]> Names => parts.Select(Encoding.UTF8.GetBytes);

    public byte[] Name => Encoding.UTF8.GetBytes(parts[^1]);

    public bool IsRoot => parts.Count == 0;

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static VolumePath Parse(string text)
    {
        if (!text.StartsWith('/')) throw Invalid(text, "must be absolute, such as /data/file.txt");
        if (text.Contains('\0')) throw Invalid(text.Replace("\0", "\\0", StringComparison.Ordinal), "has a zero byte");
        if (Encoding.UTF8.GetByteCount(text) > MaxBytes) throw Invalid(text[..40] + "…", $"is longer than {MaxBytes} bytes");

        var parts = new List<string>();
        foreach (var part in text.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part is not "..") parts.Add(part);
            else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        }

        return parts.FirstOrDefault(part => Encoding.UTF8.GetByteCount(part) > MaxNameBytes) is { } name
            ? throw Invalid(name[..40] + "…", $"is a name of more than {MaxNameBytes} bytes")
            : new VolumePath(parts);
    }

    public override string ToString() => "/" + string.Join('/', parts);

    private static RuntimeException Invalid(string text, string problem) => new(RuntimeError.InvalidArgument, $"The path '{text}' {problem}.");
}
