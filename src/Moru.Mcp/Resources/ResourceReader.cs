using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Moru.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>Reads what a resource holds now. That changes nothing: no sandbox is made, resumed or kept alive by it.</summary>
internal sealed partial class ResourceReader(McpSession session)
{
    /// <exception cref="McpProtocolException">There is no such thing.</exception>
    public async Task<ResourceContents> ReadAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        var client = await session.ClientAsync(cancellationToken);
        try
        {
            return address.Kind switch
            {
                ResourceKind.File => await ReadFileAsync(address, await SandboxAsync(address, cancellationToken), cancellationToken),
                ResourceKind.VolumeFile => await ReadFileAsync(address, await client.GetVolumeAsync(address.Owner, cancellationToken), cancellationToken),
                ResourceKind.Screen => Text(address, Screen(address, await IdAsync(address, cancellationToken)).Screen, "text/plain"),
                _ => Text(address, ResourceJson.Write(await DescribeAsync(client, address, cancellationToken)), "application/json"),
            };
        }
        catch (Exception error) when (error is NotFoundException or InvalidArgumentException or ToolException)
        {
            throw Missing(address, error.Message);
        }
        catch (SandboxException error)
        {
            throw new McpProtocolException(error.Message, error, McpErrorCode.InternalError);
        }
    }

    /// <summary>The sandbox that an address is about, as it is.</summary>
    public async Task<Sandbox> SandboxAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        var (client, id) = (await session.ClientAsync(cancellationToken), await IdAsync(address, cancellationToken));

        if ((await client.GetSandboxInfoAsync(id, cancellationToken)).State == SandboxState.Paused)
            throw Missing(address, $"sandbox '{id}' is paused; any tool that uses it resumes it");
        return await client.AttachSandboxAsync(id, cancellationToken);
    }

    /// <summary>Whether what an address is about is in a sandbox that is paused.</summary>
    public async Task<bool> IsPausedAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        if (address.Kind is ResourceKind.Template or ResourceKind.Build or ResourceKind.Volume or ResourceKind.VolumeFile) return false;
        try
        {
            var (client, id) = (await session.ClientAsync(cancellationToken), await IdAsync(address, cancellationToken));
            return (await client.GetSandboxInfoAsync(id, cancellationToken)).State == SandboxState.Paused;
        }
        catch (Exception error) when (error is NotFoundException or McpProtocolException)
        {
            return false;
        }
    }

    /// <summary>Id of the sandbox that an address is about.</summary>
    public async Task<string> IdAsync(ResourceAddress address, CancellationToken cancellationToken) => address.Owner != ResourceAddress.Session
        ? address.Owner
        : await session.Sandboxes.FindIdAsync(cancellationToken) ?? throw Missing(address, "this session has no sandbox yet; the first call of a tool makes it");

    public static McpProtocolException Missing(ResourceAddress address, string why)
    {
        var list = address.Kind switch
        {
            ResourceKind.Template or ResourceKind.Build => ResourceAddress.Templates,
            ResourceKind.Volume or ResourceKind.VolumeFile => ResourceAddress.Volumes,
            _ => ResourceAddress.Sandboxes,
        };
        return Missing(address.Uri, $"{why.TrimEnd('.')}. Read {list} to see which {list[(list.LastIndexOf('/') + 1)..]} there are");
    }

    public static McpProtocolException Missing(string uri, string why) =>
        new($"Resource '{uri}' is not there: {why.TrimEnd('.')}.", McpErrorCode.InvalidParams) { Data = { ["uri"] = uri } };

    private TerminalScreen Screen(ResourceAddress address, string id)
    {
        var sandboxes = session.Sandboxes;
        if (sandboxes.ScreenOrDefault(id, address.Pid) is { } screen) return screen;
        var open = string.Join(", ", sandboxes.TerminalsIn(id));
        throw Missing(address, $"this session has no terminal {address.Pid} open in sandbox '{id}'; {(open.Length == 0 ? "none is" : $"open: {open}")}");
    }

    private static async Task<ResourceContents> ReadFileAsync(ResourceAddress address, Sandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await sandbox.Files.OpenReadAsync(address.Path, cancellationToken: cancellationToken);
            return await FileContents.ReadAsync(address, stream, cancellationToken);
        }
        catch (InvalidArgumentException)
        {
            var entries = await sandbox.Files.ListAsync(address.Path, cancellationToken: cancellationToken);
            return Directory(address, entries.Count, entries.Take(MaxListed).Select(entry => new DirectoryEntry(
                ResourceAddress.OfFile(sandbox.SandboxId, entry.Path), entry.Name, entry.Type == FileType.Directory, entry.SizeBytes, entry.ModifiedTime)));
        }
    }

    private static async Task<ResourceContents> ReadFileAsync(ResourceAddress address, Volume volume, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await volume.OpenReadAsync(address.Path, cancellationToken);
            return await FileContents.ReadAsync(address, stream, cancellationToken);
        }
        catch (InvalidArgumentException)
        {
            var (files, total) = (new List<VolumeFile>(), 0);
            await foreach (var file in volume.ListFilesAsync(address.Path, cancellationToken))
                if (++total <= MaxListed) files.Add(file);
            return Directory(address, total, files.Select(file => new DirectoryEntry(
                ResourceAddress.OfVolumeFile(volume.Name, file.Path), file.Name, file.Type == VolumeFileType.Directory, file.Size, file.ModifiedAt)));
        }
    }

    private static TextResourceContents Directory(ResourceAddress address, int total, IEnumerable<DirectoryEntry> entries) =>
        Text(address, ResourceJson.Write(new DirectoryDescription(address.Path, total, [.. entries.Select(entry => entry.Describe())])), "application/json");

    private static TextResourceContents Text(ResourceAddress address, string text, string mimeType) => new() { Uri = address.Uri, MimeType = mimeType, Text = text };

    private sealed record DirectoryEntry(string Uri, string Name, bool IsDirectory, long? SizeBytes, DateTimeOffset? ModifiedTime)
    {
        public EntryDescription Describe() =>
            new(Uri, Name, IsDirectory ? "directory" : "file", IsDirectory ? "application/json" : FileContents.MimeType(Name), SizeBytes, ModifiedTime);
    }
}
