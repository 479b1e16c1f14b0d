using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// The calls of <c>filesystem.Filesystem</c> that look at files and change them. They have root's rights, as the contract asks;
/// ownership is set afterwards.
/// </summary>
internal sealed class FilesystemRpc(Settings settings)
{
    private const uint DirectoryMode = 0b111_101_101;

    public StatResponse Stat(HttpContext context, StatRequest request)
    {
        var path = CallPath.Of(context, request.Path, settings).Path;
        return new StatResponse(Describe(path));
    }

    public ListDirResponse List(HttpContext context, ListDirRequest request)
    {
        var path = CallPath.Of(context, request.Path, settings).Path;
        CallPath.DemandDirectory(path);
        return new ListDirResponse(new DirectoryListing(path).Read(Math.Max(request.Depth, 1)));
    }

    public MakeDirResponse MakeDirectory(HttpContext context, MakeDirRequest request)
    {
        var (path, user) = CallPath.Of(context, request.Path, settings);
        RegularFile.MakeParents(path, user);
        if (Posix.MakeDirectory(path, DirectoryMode) == 0)
            return Posix.ChangeOwner(path, user.Uid, user.Gid) == 0 ? new MakeDirResponse(Describe(path)) : throw FileFailure.Of(Posix.LastError, path);

        if (Posix.LastError is not Posix.Exists and var error) throw FileFailure.Of(error, path);
        throw FileStatus.Of(path) is { IsDirectory: true }
            ? new ConnectException(ConnectCode.AlreadyExists, $"directory '{path}' already exists")
            : new ConnectException(ConnectCode.InvalidArgument, $"path '{path}' already exists and is not a directory");
    }

    public async Task<MoveResponse> MoveAsync(HttpContext context, MoveRequest request)
    {
        var (source, user) = CallPath.Named(context, request.Source, settings);
        var (destination, _) = CallPath.Named(context, request.Destination, settings);
        await FileMove.MoveAsync(source, destination, user, context.RequestAborted);
        return new MoveResponse(Describe(destination));
    }

    public async Task<Empty> RemoveAsync(HttpContext context, RemoveRequest request)
    {
        await TreeRemoval.RemoveAsync(CallPath.Named(context, request.Path, settings).Path, context.RequestAborted);
        return new Empty();
    }

    // A parent that is no directory means the same to who asks for a file below it: there is none.
    private static FileEntry Describe(string path) => new EntryReader().ReadOrDefault(path)
        ?? throw FileFailure.Of(Posix.LastError == Posix.NotDirectory ? Posix.NotFound : Posix.LastError, path);
}
