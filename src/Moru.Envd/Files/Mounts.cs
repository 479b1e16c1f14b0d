using System.Globalization;
using System.Text.RegularExpressions;

namespace Moru.Envd;

/// <summary>What is mounted where, from <c>/proc/self/mountinfo</c>.</summary>
internal static partial class Mounts
{
    private const int MaxFileSize = 4 << 20;
    private const int PointColumn = 4;

    // Their entries appear and vanish without any event.
    private static readonly string[] Pseudo = ["proc", "sysfs", "cgroup", "cgroup2", "devpts"];

    /// <returns>A mount point at or below <paramref name="path"/>, which must be without links; null when there is none.</returns>
    public static string? PointWithinOrDefault(string path)
    {
        var below = path == "/" ? "/" : path + "/";
        return Rows().Select(row => row.Point).FirstOrDefault(point => point == path || point.StartsWith(below, StringComparison.Ordinal));
    }

    /// <summary>Where the kernel shows itself as files.</summary>
    public static HashSet<string> PseudoPoints() => [.. Rows().Where(row => Pseudo.Contains(row.Type)).Select(row => row.Point)];

    private static IEnumerable<(string Point, string Type)> Rows() =>
        from line in SmallFile.ReadOrEmpty("/proc/self/mountinfo", MaxFileSize).Split('\n')
        let columns = line.Split(' ')
        let dash = Array.IndexOf(columns, "-")
        where dash > PointColumn && dash + 1 < columns.Length
        select (Escaped().Replace(columns[PointColumn], Unescape), columns[dash + 1]);

    private static string Unescape(Match match) => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\\[0-7]{3}")]
    private static partial Regex Escaped();
}
