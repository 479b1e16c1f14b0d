using System.Globalization;

namespace Moru.Envd;

/// <summary>
/// Makes the kernel end the sandbox's processes before envd when memory runs out. A score is inherited, so envd wears a small one itself
/// while it starts a process, and no child of any age is without. The process then gets the full one. Envd never wears that: a start takes
/// memory, so memory runs out during starts, and next to equals the largest goes first.
/// </summary>
internal static class OomScore
{
    private const int Lent = 100;

    /// <summary>Weighs as much as all memory there is: envd, which is larger than most programs, is still smaller than that.</summary>
    private const int Full = 1000;

    private const int MaxFileSize = 4 << 10;

    private static readonly int Own =
        int.TryParse(SmallFile.ReadOrEmpty(PathOf(Environment.ProcessId), MaxFileSize), NumberStyles.Integer, CultureInfo.InvariantCulture, out var score) ? score : 0;

    /// <summary>Until the scope ends, processes that envd starts are offered to the kernel. Scopes must not overlap.</summary>
    public static Scope Inherit()
    {
        Write(Environment.ProcessId, Math.Max(Own, Lent));
        return default;
    }

    /// <summary>Gives the full score to a process that was just started, and to what it started meanwhile.</summary>
    public static void Raise(int pid)
    {
        Write(pid, Full);
        var children = SmallFile.ReadOrEmpty(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task/{pid}/children"), MaxFileSize);
        foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries)) Raise(int.Parse(child, CultureInfo.InvariantCulture));
    }

    private static void Write(int pid, int score)
    {
        try
        {
            File.WriteAllText(PathOf(pid), score.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Already over, or the sandbox may not: the order of killing is a preference only.
        }
    }

    private static string PathOf(int pid) => string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/oom_score_adj");

    public readonly record struct Scope : IDisposable
    {
        // Back to the value it had needs no capability: only going below the one it was given does.
        public void Dispose() => Write(Environment.ProcessId, Own);
    }
}
