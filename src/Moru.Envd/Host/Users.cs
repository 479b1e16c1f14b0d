using System.Globalization;

namespace Moru.Envd;

/// <summary>A user of the image.</summary>
internal sealed record User(string Name, uint Uid, uint Gid, string Home, uint[] Groups);

/// <summary>
/// The image's users and groups, read from <c>/etc/passwd</c> and <c>/etc/group</c> at each use, since a command may add some.
/// libc's own lookups load plug-ins, which a static executable cannot.
/// </summary>
internal static class Users
{
    private const int MaxFileSize = 4 << 20;

    /// <returns>Null when there is no such user. An image without users has root.</returns>
    public static User? FindOrDefault(string name)
    {
        var fields = Rows("/etc/passwd", 7).FirstOrDefault(row => row[0] == name);
        if (fields is not null && Id(fields[2]) is { } uid && Id(fields[3]) is { } gid)
            return new User(name, uid, gid, fields[5].StartsWith('/') ? fields[5] : "/", GroupsOf(name, gid));
        return name == "root" ? new User("root", 0, 0, Directory.Exists("/root") ? "/root" : "/", [0]) : null;
    }

    /// <summary>Names of users by id.</summary>
    public static Dictionary<uint, string> Names() => NamesIn("/etc/passwd", 7);

    /// <summary>Names of groups by id.</summary>
    public static Dictionary<uint, string> GroupNames() => NamesIn("/etc/group", 4);

    private static uint[] GroupsOf(string name, uint primary)
    {
        var groups = new SortedSet<uint> { primary };
        foreach (var row in Rows("/etc/group", 4))
        {
            if (Id(row[2]) is { } gid && row[3].Split(',').Contains(name)) groups.Add(gid);
        }

        return [.. groups];
    }

    private static Dictionary<uint, string> NamesIn(string file, int columns)
    {
        var names = new Dictionary<uint, string>();
        foreach (var row in Rows(file, columns))
        {
            if (Id(row[2]) is { } id) names.TryAdd(id, row[0]);
        }

        return names;
    }

    private static IEnumerable<string[]> Rows(string file, int columns) =>
        SmallFile.ReadOrEmpty(file, MaxFileSize).Split('\n').Where(line => !line.Contains('\0'))
        .Select(line => line.Split(':')).Where(row => row.Length >= columns);

    // The highest number is no id: the kernel takes it for "leave it as it is", which for a new process would be root's.
    private static uint? Id(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id != uint.MaxValue ? id : null;
}
