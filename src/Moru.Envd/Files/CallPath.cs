using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The paths of filesystem calls: absolute and without <c>.</c>, <c>..</c> and slashes at the end.</summary>
internal static class CallPath
{
    /// <exception cref="ConnectException">The user is unknown, or the path cannot be one.</exception>
    public static (string Path, User User) Of(HttpContext context, string? path, Settings settings)
    {
        var user = settings.Resolve(RpcUser.Of(context.Request));
        var full = Path.GetFullPath(SandboxPath.Resolve(path, user, settings.Current.Directory));
        return (full.TrimEnd('/') is { Length: > 0 } clean ? clean : "/", user);
    }

    /// <summary>Like <see cref="Of"/>, for calls that would harm the default directory if a forgotten path meant it.</summary>
    public static (string Path, User User) Named(HttpContext context, string? path, Settings settings) =>
        string.IsNullOrEmpty(path) ? throw new ConnectException(ConnectCode.InvalidArgument, "a path is needed") : Of(context, path, settings);

    /// <exception cref="ConnectException">Nothing is there, or not a directory.</exception>
    public static void DemandDirectory(string path)
    {
        if (FileStatus.Of(path) is not { } status)
            throw FileFailure.Of(Posix.LastError == Posix.NotDirectory ? Posix.NotFound : Posix.LastError, path);
        if (!status.IsDirectory) throw new ConnectException(ConnectCode.InvalidArgument, $"path '{path}' is not a directory");
    }
}
