using System.Globalization;

namespace Moru.Envd;

/// <summary>Signals what a process left behind outside its process group.</summary>
internal static class Descendants
{
    private const int MaxRounds = 50;
    private const int MaxFileSize = 64 << 10;

    private sealed record Seen(int Pid, int Parent, int Session, bool Marked);

    /// <summary>
    /// Signals every living process that carries the mark or belongs to the session, and what descends from one of these; SIGKILL until
    /// none is left. The mark finds nearly all of them alone; the others are for sudo, where PAM may reset every limit.
    /// </summary>
    /// <param name="mark">The mark to look for.</param>
    /// <param name="session">Only while its leader is not collected: later the number may be another session's.</param>
    /// <param name="signal">The signal.</param>
    public static void Signal(ProcessMark mark, int? session, int signal)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var signalled = FamilyOf(mark, session).Count(pid => Posix.Kill(pid, signal) == 0);
            // A process may fork between our look and our signal, so the last look must find nobody.
            if (signalled == 0 || signal != Posix.SigKill) return;
            if (round > 0) Thread.Sleep(1);
        }
    }

    private static HashSet<int> FamilyOf(ProcessMark mark, int? session)
    {
        var living = Living(mark).ToList();
        var family = living.Where(seen => seen.Marked || seen.Session == session).Select(seen => seen.Pid).ToHashSet();
        for (var size = 0; size < family.Count;)
        {
            size = family.Count;
            family.UnionWith(living.Where(seen => family.Contains(seen.Parent)).Select(seen => seen.Pid).ToList());
        }

        return family;
    }

    private static IEnumerable<Seen> Living(ProcessMark mark)
    {
        if (!Directory.Exists("/proc")) yield break;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (Number(Path.GetFileName(directory)) is var pid and > 1 && pid != Environment.ProcessId && Look(pid, mark) is { } seen)
                yield return seen;
        }
    }

    private static Seen? Look(int pid, ProcessMark mark)
    {
        var stat = SmallFile.ReadOrEmpty($"/proc/{pid}/stat", MaxFileSize);
        // pid (name) state parent group session; the name may contain anything, even parentheses.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 4 || fields[0] is "Z" or "X") return null;
        return new Seen(pid, Number(fields[1]), Number(fields[3]), mark.IsIn(SmallFile.ReadOrEmpty($"/proc/{pid}/limits", MaxFileSize)));
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
