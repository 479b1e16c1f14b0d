using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Reads paths as callers write them.</summary>
internal static class SandboxPath
{
    /// <summary>
    /// Empty: the default working directory, else the user's home. <c>~</c> and <c>~/x</c>: the home. Relative: below the home. Absolute: as is.
    /// </summary>
    /// <exception cref="ConnectException">The path names another user's home, or cannot be a path.</exception>
    public static string Resolve(string? path, User user, string? defaultDirectory)
    {
        if (string.IsNullOrEmpty(path)) return string.IsNullOrEmpty(defaultDirectory) ? user.Home : Resolve(defaultDirectory, user, null);
        if (path.Contains('\0')) throw new ConnectException(ConnectCode.InvalidArgument, "a path cannot contain a NUL character");
        if (path[0] == '/') return path;
        if (path[0] != '~') return Below(user, path);
        if (path.Length > 1 && path[1] != '/')
            throw new ConnectException(ConnectCode.InvalidArgument, $"cannot expand '{path}': only '~' and '~/…', the home of the calling user, are known");
        return Below(user, path[1..]);
    }

    private static string Below(User user, string relative) => Path.GetFullPath(relative.TrimStart('/'), user.Home).TrimEnd('/') is { Length: > 0 } full ? full : "/";
}
