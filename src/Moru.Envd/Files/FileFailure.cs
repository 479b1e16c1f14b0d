using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Puts the kernel's refusals of file work into the words and statuses of the contract.</summary>
internal static class FileFailure
{
    public static ConnectException Of(int error, string path) => error switch
    {
        Posix.NotFound => new ConnectException(
            ConnectCode.NotFound,
            $"path '{path}' does not exist{(new FileInfo(path).LinkTarget is { } target ? $": it is a symbolic link to '{target}', which leads nowhere" : "")}"),
        Posix.IsDirectory => Invalid($"path '{path}' is a directory"),
        Posix.NotDirectory or Posix.Exists => Invalid($"a parent of path '{path}' is not a directory"),
        Posix.NoSuchDevice => NotRegular(path),
        Posix.NameTooLong or Posix.TooManyLinks or Posix.TextBusy or Posix.ReadOnlyFilesystem or Posix.AccessDenied or Posix.NotPermitted =>
            Invalid($"path '{path}': {Posix.Describe(error)}"),
        Posix.NoSpace or Posix.QuotaExceeded => NoSpace(),
        _ => new ConnectException(ConnectCode.Internal, $"path '{path}': {Posix.Describe(error)}"),
    };

    public static ConnectException NotRegular(string path) => Invalid($"path '{path}' is not a regular file");

    public static ConnectException NoSpace() =>
        new(ConnectCode.ResourceExhausted, "not enough disk space available", StatusCodes.Status507InsufficientStorage);

    private static ConnectException Invalid(string message) => new(ConnectCode.InvalidArgument, message);
}
