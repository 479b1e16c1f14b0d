using CsCheck;
using Moru.Envd;
using Moru.Protocol;

namespace Moru.Fuzz.Tests;

public sealed class PathProperties
{
    private static readonly Gen<string> Paths = Gen.OneOf(
        Gen.OneOf("/", "..", ".", "~", "a", "\0", "\\", " ", "é", "//", "/../", "/./", "~/", "...", "\n", "\ud800").Array[0, 8].Select(string.Concat),
        Gen.String[Gen.Char, 0, 12]);

    private static readonly Gen<string> Homes = Gen.OneOf("/", "/home/user", "/root/", "/a/../b");

    [Fact]
    public void A_path_is_absolute_and_clean_or_kept_or_refused() => Gen.Select(Paths, Paths, Homes).Holds(input =>
    {
        var (path, directory, home) = input;
        var user = new User("user", 1000, 1000, home, [1000]);
        var resolved = ResolveOrDefault(path, user, directory);
        var meant = path.Length > 0 ? path : directory;

        var mustBeRefused = meant.Contains('\0') || (meant.StartsWith('~') && meant.Length > 1 && meant[1] != '/');
        Assert.Equal(mustBeRefused, resolved is null);
        if (resolved is null) return;

        Assert.StartsWith("/", resolved, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', resolved);
        if (meant.StartsWith('/')) Assert.Equal(meant, resolved);
        else if (meant.Length > 0) Assert.DoesNotContain(resolved.Split('/').Skip(1).SkipLast(resolved == "/" ? 1 : 0), part => part is "" or "." or "..");
        if (!meant.Contains("..", StringComparison.Ordinal) && !meant.StartsWith('/') && home == "/home/user") Assert.StartsWith(home, resolved, StringComparison.Ordinal);
    });

    private static string? ResolveOrDefault(string path, User user, string directory)
    {
        try
        {
            return SandboxPath.Resolve(path, user, directory);
        }
        catch (ConnectException refusal) when (refusal.Code == ConnectCode.InvalidArgument)
        {
            return null;
        }
    }
}
