using System.Runtime.InteropServices;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// Moves an entry. Between file systems it is copied beside its new place first, then put there at once, and only then the old one
/// is removed: whatever fails on the way, all of the data is in one of the two places.
/// </summary>
internal static partial class FileMove
{
    /// <summary>Moves <paramref name="source"/>, replacing a file, or an empty directory by a directory.</summary>
    /// <param name="source">Absolute and clean.</param>
    /// <param name="destination">Absolute and clean; missing parents are made, as the user's own.</param>
    /// <param name="user">Who owns new parents.</param>
    /// <param name="cancellationToken">Stops a copy and undoes it.</param>
    /// <exception cref="ConnectException">It cannot be moved there.</exception>
    public static async Task MoveAsync(string source, string destination, User user, CancellationToken cancellationToken)
    {
        if (FileStatus.OfLink(source) is null)
            throw FileFailure.Of(Posix.LastError == Posix.NotDirectory ? Posix.NotFound : Posix.LastError, source);

        RegularFile.MakeParents(destination, user);
        var error = Rename(source, destination) == 0 ? 0 : Posix.LastError;
        if (error == Posix.CrossDevice) await CarryAsync(source, destination, cancellationToken);
        else if (error != 0) throw Explain(error, source, destination);
    }

    private static async Task CarryAsync(string source, string destination, CancellationToken cancellationToken)
    {
        var (from, to) = (Resolve(source), Resolve(destination));
        if (Mounts.PointWithinOrDefault(from) is { } point) throw Invalid($"'{source}' cannot be moved to another file system: '{point}' is mounted there");
        if (to.StartsWith(from + "/", StringComparison.Ordinal)) throw Explain(Posix.InvalidValue, source, destination);

        var beside = $"{to[..(to.LastIndexOf('/') + 1)]}.moving-{RandomText.Next()}";
        try
        {
            await TreeCopy.CopyAsync(from, beside, cancellationToken);
            if (Rename(beside, to) != 0) throw Explain(Posix.LastError, source, destination);
        }
        catch
        {
            await TreeRemoval.RemoveAsync(beside, CancellationToken.None);
            throw;
        }

        try
        {
            await TreeRemoval.RemoveAsync(from, CancellationToken.None);
        }
        catch (ConnectException exception)
        {
            throw new ConnectException(exception.Code, $"'{destination}' is complete, but '{source}' could not be removed: {exception.Message}");
        }
    }

    private static string Resolve(string path)
    {
        var (folder, name) = TreeRemoval.Split(path);
        var actual = EntryReader.ResolveOrDefault(folder) ?? throw FileFailure.Of(Posix.LastError, path);
        return actual == "/" ? $"/{name}" : $"{actual}/{name}";
    }

    private static ConnectException Explain(int error, string source, string destination) => error switch
    {
        Posix.InvalidValue => Invalid($"'{source}' cannot be moved into itself, to '{destination}'"),
        Posix.IsDirectory => Invalid($"'{destination}' is a directory, and '{source}' is not: name the path that the entry shall have"),
        Posix.NotDirectory when FileStatus.OfLink(destination) is not null => Invalid($"'{destination}' is not a directory, and '{source}' is: remove the one that stands there first"),
        Posix.NotEmpty or Posix.Exists => Invalid($"'{destination}' is a directory that is not empty: remove it first"),
        Posix.DeviceBusy => Invalid($"'{source}' or '{destination}' is a mount point and cannot be moved"),
        _ => FileFailure.Of(error, destination),
    };

    private static ConnectException Invalid(string message) => new(ConnectCode.InvalidArgument, message);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string source, string destination);
}
