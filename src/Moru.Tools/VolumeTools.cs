using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools on volumes. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class VolumeTools(SandboxSession session)
{
    private const int MaxEntries = 200;
    private const int MaxListed = 1_000;

    [Description("List volumes, or create or delete one: a directory that outlives sandboxes. Mount it with volume_id and volume_path of create_sandbox.")]
    public async Task<VolumeList> ManageAsync(
        [Description("What to do"), AllowedValues("list", "create", "delete")] string action = "list",
        [Description("Name, or id to delete")] string? volume = null,
        CancellationToken cancellationToken = default)
    {
        var client = await session.ClientAsync(cancellationToken);
        if (action == "list") return VolumeList.From(await client.ListVolumesAsync(cancellationToken).Take(MaxListed).ToListAsync(cancellationToken));
        if (volume is null) throw new ToolException($"`volume` is missing: name the volume to {action}, for example: {ToolCall.Write("manage_volume", ("action", action), ("volume", "data"))}");
        if (action == "create") return VolumeList.From([await client.CreateVolumeAsync(volume, cancellationToken)]);
        if (!await client.DeleteVolumeAsync(volume, cancellationToken)) throw await UnknownAsync(client, volume, null, cancellationToken);
        return new VolumeList { Volumes = [], Done = $"Deleted {volume} with all its files." };
    }

    [Description("List, read, write or delete files of a volume, without a sandbox.")]
    public async Task<VolumeContent> FileAsync(
        [Description("Name or id"), StringLength(TemplateTools.MaxName, MinimumLength = 1)] string volume,
        [Description("What to do"), AllowedValues("list", "read", "write", "delete")] string action = "list",
        [Description("Absolute in the volume")] string path = "/",
        [Description("What to write"), StringLength(FileTools.MaxWriteBytes)] string? content = null,
        CancellationToken cancellationToken = default)
    {
        if (action == "write" && content is null)
            throw new ToolException($"`content` is missing: give what to write, for example: {ToolCall.Write("volume_file", ("volume", volume), ("action", "write"), ("path", "/notes.txt"), ("content", "text"))}");
        var client = await session.ClientAsync(cancellationToken);
        var found = await FindAsync(client, volume, cancellationToken);
        try
        {
            return action switch
            {
                "list" => await ListAsync(found, path, cancellationToken),
                "read" => await ReadAsync(found, path, cancellationToken),
                "write" => await WriteAsync(found, path, content!, cancellationToken),
                _ => await DeleteAsync(found, path, cancellationToken),
            };
        }
        catch (NotFoundException error)
        {
            throw new ToolException($"There is no '{path}' in volume {volume}. See what there is with {ToolCall.Write("volume_file", ("volume", volume))}.", error);
        }
        catch (SandboxException error) when (error.InnerException is ConnectException { HttpStatus: 409 } && action is "write" or "delete")
        {
            throw new ToolException($"{ToolErrors.Sentence(error)} While a sandbox that runs has it mounted, files of volume {volume} are changed there (write_file, run_command with its sandbox_id), or here once it has ended: see list_sandboxes.", error);
        }
    }

    private static async Task<VolumeContent> ListAsync(Volume volume, string path, CancellationToken cancellationToken)
    {
        var page = await volume.ListFilePageAsync(path, MaxEntries, cancellationToken: cancellationToken);
        var size = 0;
        var lines = page.Files.Select(file => CleanText.OfFile(file.Path) + (file.Type == VolumeFileType.Directory ? "/" : $"  {file.Size}") + "\n")
            .TakeWhile(line => (size += line.Length) <= CommandReport.Budget).ToList();
        return new VolumeContent
        {
            Path = path,
            Content = string.Concat(lines),
            Note = page.NextToken is null && lines.Count == page.Files.Count ? null : $"Only the first {lines.Count} are shown. List a directory below, or mount the volume in a sandbox.",
        };
    }

    private static async Task<VolumeContent> ReadAsync(Volume volume, string path, CancellationToken cancellationToken)
    {
        var window = new TextWindow(1, int.MaxValue, CommandReport.Budget);
        await using (var stream = await volume.OpenReadAsync(path, cancellationToken)) await window.ReadAsync(stream, cancellationToken);
        if (window.BadByteAt is { } bad)
            throw new ToolException($"'{path}' is a binary file: the byte at offset {bad} is not UTF-8 text. Mount the volume in a sandbox with create_sandbox and look at it there.");
        var whole = window.AtEnd && !window.LineCut && window.LastLine >= window.TotalLines;
        return new VolumeContent { Path = path, Content = CleanText.OfFile(window.Content), Note = whole ? null : $"Only the first {window.LastLine} lines are shown. To read on, mount the volume in a sandbox with create_sandbox." };
    }

    private static async Task<VolumeContent> WriteAsync(Volume volume, string path, string content, CancellationToken cancellationToken)
    {
        await volume.UploadAsync(path, content, cancellationToken);
        return new VolumeContent { Path = path, Content = "", Done = $"Wrote {Encoding.UTF8.GetByteCount(content)} bytes to {path}." };
    }

    private static async Task<VolumeContent> DeleteAsync(Volume volume, string path, CancellationToken cancellationToken)
    {
        try
        {
            await (await volume.OpenReadAsync(path, cancellationToken)).DisposeAsync(); // to delete what is not there would succeed
        }
        catch (InvalidArgumentException)
        {
            // It is a directory.
        }

        await volume.DeleteFileAsync(path, recursive: true, cancellationToken);
        return new VolumeContent { Path = path, Content = "", Done = $"Deleted {path}." };
    }

    /// <exception cref="ToolException">There is no such volume; the message names those that there are.</exception>
    public static async Task<Volume> FindAsync(MoruClient client, string volume, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetVolumeAsync(volume, cancellationToken);
        }
        catch (NotFoundException error)
        {
            throw await UnknownAsync(client, volume, error, cancellationToken);
        }
    }

    private static async Task<ToolException> UnknownAsync(MoruClient client, string volume, NotFoundException? error, CancellationToken cancellationToken)
    {
        var names = await client.ListVolumesAsync(cancellationToken).Take(VolumeList.Max).Select(each => each.Name).ToListAsync(cancellationToken);
        var known = names.Count == 0 ? "There are none yet" : $"There are: {string.Join(", ", names)}";
        return new ToolException($"There is no volume '{volume}'. {known}. Make one with {ToolCall.Write("manage_volume", ("action", "create"), ("volume", "data"))}.", error);
    }
}
