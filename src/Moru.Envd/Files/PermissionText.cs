namespace Moru.Envd;

/// <summary>Permissions in the words of Go's <c>fs.FileMode</c>, which official clients show.</summary>
internal static class PermissionText
{
    private const uint TypeMask = 0xF000;

    // Go writes these in the order of its own bits, which is not the order of stat.
    private static readonly (char Letter, Func<uint, bool> Applies)[] Prefixes =
    [
        ('d', mode => (mode & TypeMask) == 0x4000),
        ('L', mode => (mode & TypeMask) == 0xA000),
        ('D', mode => (mode & TypeMask) is 0x6000 or 0x2000),
        ('p', mode => (mode & TypeMask) == 0x1000),
        ('S', mode => (mode & TypeMask) == 0xC000),
        ('u', mode => (mode & 0x800) != 0),
        ('g', mode => (mode & 0x400) != 0),
        ('c', mode => (mode & TypeMask) == 0x2000),
        ('t', mode => (mode & 0x200) != 0),
    ];

    public static string Of(uint mode)
    {
        var prefix = string.Concat(Prefixes.Where(candidate => candidate.Applies(mode)).Select(candidate => candidate.Letter));
        var bits = string.Concat("rwxrwxrwx".Select((letter, i) => (mode & (1u << (8 - i))) != 0 ? letter : '-'));
        return (prefix.Length == 0 ? "-" : prefix) + bits;
    }
}
