using System.Runtime.CompilerServices;

namespace Moru.Testing;

/// <summary>Things that the build leaves in the repository for tests to use.</summary>
public static class Artifacts
{
    /// <summary>Root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The agent's static executable, from <c>MORU_ENVD</c> or the build.</summary>
    public static string Envd
    {
        get
        {
            var path = Environment.GetEnvironmentVariable("MORU_ENVD") is { Length: > 0 } named ? named : Path.Combine(Root, "artifacts/envd/envd");
            return File.Exists(path) ? path : throw new FileNotFoundException($"The agent is not built: {path} is missing. Run './moru build' first.");
        }
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here)!;
        while (!File.Exists(Path.Combine(folder, "Moru.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
