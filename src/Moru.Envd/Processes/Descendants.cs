using System.Globalization;

namespace Moru.Envd;

/// <summary>Signals what a process left behind outside its process group.</summary>
internal static class Descendants
{
    private const int MaxRounds = 50;
    private const int MaxFileSize = 64 << 10;

    private sealed record Seen(int Pid, int Parent, int Session, bool Marked);

    /// <summary>Kills every living process that carries the mark or belongs to the session, and all that descends from them; returns when they are gone.</summary>
    /// <param name="mark">The mark to look for.</param>
    /// <param name="session">Only while its leader is not collected: later the number may be another session's.</param>
    public static void Kill(ProcessMark mark, int? session)
    {
        var family = Freeze(mark, session);
        Send(family, Posix.SigKill);
        for (var round = 0; round < MaxRounds; round++)
        {
            var living = Living(mark).ToList();
            family.UnionWith(FamilyIn(living, session));
            var rest = living.Select(seen => seen.Pid).Where(family.Contains).ToList();
            if (rest.Count == 0) return;
            Send(rest, Posix.SigKill);
            Thread.Sleep(1);
        }
    }

    /// <summary>Asks every living process that carries the mark to end.</summary>
    public static void Terminate(ProcessMark mark) => Send(FamilyIn([.. Living(mark)], session: null), Posix.SigTerm);

    // The mark finds nearly all of them alone; session and parents are for sudo, where PAM may reset every limit. Parents are remembered
    // by the kernel only while they live, so all are stopped, until a look finds nobody new, before the first is killed.
    private static HashSet<int> Freeze(ProcessMark mark, int? session)
    {
        var frozen = new HashSet<int>();
        for (var round = 0; round < MaxRounds; round++)
        {
            var found = FamilyIn([.. Living(mark)], session);
            found.ExceptWith(frozen);
            if (found.Count == 0) break;
            Send(found, Posix.SigStop);
            frozen.UnionWith(found);
        }

        return frozen;
    }

    private static void Send(IEnumerable<int> pids, int signal)
    {
        // One that is gone already is no failure.
        foreach (var pid in pids) _ = Posix.Kill(pid, signal);
    }

    private static HashSet<int> FamilyIn(List<Seen> living, int? session)
    {
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
