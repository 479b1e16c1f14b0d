using System.Runtime.CompilerServices;
using Xunit.Sdk;

namespace Moru.Testing;

/// <summary>
/// Compares text with a file that was read in review: <c>NAME.verified.txt</c> beside the test. What differs is written to
/// <c>NAME.received.txt</c>; renaming that file accepts it. The names are those of the Verify library.
/// </summary>
public static class Snapshot
{
    /// <summary>Fails unless <paramref name="actual"/> is what the verified file says.</summary>
    public static void Matches(string actual, string name, [CallerFilePath] string test = "")
    {
        var folder = Path.GetDirectoryName(test)!;
        var verified = Path.Combine(folder, $"{name}.verified.txt");
        var received = Path.Combine(folder, $"{name}.received.txt");
        var expected = File.Exists(verified) ? File.ReadAllText(verified) : "";
        if (Lines(actual) == Lines(expected))
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, actual);
        throw new XunitException($"'{name}' differs from its verified text. Compare, and accept the new text with: mv {received} {verified}\n\n{actual}");
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n").TrimEnd('\n');
}
