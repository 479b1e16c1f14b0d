namespace Moru.Runtime;

/// <summary>Names that people give to teams, keys and tokens.</summary>
internal static class Names
{
    private const int Longest = 100;

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static void Check(string name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > Longest || name.Any(char.IsControl))
            throw new RuntimeException(RuntimeError.InvalidArgument, $"a name has 1 to {Longest} characters, not all blank, and no control characters.");
    }
}
