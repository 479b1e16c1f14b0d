namespace Moru.Envd;

/// <summary>
/// Finds every descendant of a process, whatever it did to hide. Sessions, process groups, parents, environment and open files
/// can all be left behind by a daemon; resource limits pass through fork, exec, setsid and sudo alike, and anyone may read them
/// in /proc (an environment only with a capability that sandboxes lack). The kernel has ignored the soft limit of RLIMIT_RSS since 2.4,
/// so its value is free to carry a number of ours, and a child has it from its first instruction on.
/// </summary>
internal readonly record struct ProcessMark(ulong Value)
{
    private const int ResidentSet = 5;
    private const ulong Prefix = 0x4D00_0000_0000_0000;

    private static uint _last;

    /// <summary>A mark that no other process of this machine carries.</summary>
    public static ProcessMark Next() => new(Prefix | ((ulong)Environment.ProcessId << 32) | Interlocked.Increment(ref _last));

    /// <summary>Until the scope ends, processes that envd starts carry the mark. Scopes must not overlap.</summary>
    public unsafe Scope Inherit()
    {
        var own = stackalloc ulong[2];
        Posix.ResourceLimit(0, ResidentSet, null, own);
        var marked = stackalloc ulong[] { Math.Min(Value, own[1]), own[1] };
        Posix.ResourceLimit(0, ResidentSet, marked, null);
        return new Scope(own[0], own[1]);
    }

    /// <summary>Reads the text of <c>/proc/PID/limits</c>.</summary>
    public bool IsIn(ReadOnlySpan<char> limits)
    {
        const string Label = "Max resident set";
        var start = limits.IndexOf(Label);
        if (start < 0) return false;
        var rest = limits[(start + Label.Length)..].TrimStart();
        var end = rest.IndexOf(' ');
        return end > 0 && ulong.TryParse(rest[..end], out var soft) && soft == Value;
    }

    public readonly record struct Scope(ulong Soft, ulong Hard) : IDisposable
    {
        public unsafe void Dispose()
        {
            var own = stackalloc ulong[] { Soft, Hard };
            Posix.ResourceLimit(0, ResidentSet, own, null);
        }
    }
}
