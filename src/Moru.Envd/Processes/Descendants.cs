using System.Globalization;

namespace Moru.Envd;

/// <summary>Signals what a process left behind outside its process group.</summary>
internal static class Descendants
{
    private const int MaxRounds = 50;
    private const int MaxFileSize = 64 << 10;

    /// <summary>Signals every living process that carries the mark or belongs to the session; SIGKILL until none is left.</summary>
    /// <param name="mark">The mark to look for.</param>
    /// <param name="session">Only while its leader is not collected: later the number may be another session's.</param>
    /// <param name="signal">The signal.</param>
    public static void Signal(ProcessMark mark, int? session, int signal)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var found = 0;
            foreach (var pid in Living().Where(pid => Belongs(pid, mark, session)))
            {
                if (Posix.Kill(pid, signal) == 0) found++;
            }

            // A process may fork between our look and our signal, so the last look must find nobody.
            if (found == 0 || signal != Posix.SigKill) return;
            if (round > 0) Thread.Sleep(1);
        }
    }

    private static IEnumerable<int> Living() =>
        Directory.Exists("/proc")
            ? Directory.EnumerateDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
                .Where(pid => pid > 1 && pid != Environment.ProcessId)
            : [];

    private static bool Belongs(int pid, ProcessMark mark, int? session)
    {
        var stat = SmallFile.ReadOrEmpty($"/proc/{pid}/stat", MaxFileSize);
        // pid (name) state parent group session; the name may contain anything, even parentheses.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 4 || fields[0] is "Z" or "X") return false;
        return mark.IsIn(SmallFile.ReadOrEmpty($"/proc/{pid}/limits", MaxFileSize))
            || fields[3] == session?.ToString(CultureInfo.InvariantCulture);
    }
}
