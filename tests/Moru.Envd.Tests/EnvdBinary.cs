namespace Moru.Envd.Tests;

/// <summary>The published executable that the tests drive.</summary>
internal static class EnvdBinary
{
    private const string Relative = "artifacts/envd/envd";

    public static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("MORU_ENVD") is { Length: > 0 } given)
            return File.Exists(given) ? given : throw new FileNotFoundException($"MORU_ENVD names '{given}', which does not exist.");

        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var candidate = System.IO.Path.Combine(directory.FullName, Relative);
            if (File.Exists(candidate)) return candidate;
        }

        throw new FileNotFoundException($"No {Relative} in any parent directory: run `./moru build` first, or set MORU_ENVD.");
    }
}
