using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>Completes the variables of resource templates and the arguments of prompts: ids, names and paths that there are.</summary>
internal sealed class McpCompletions(McpSession session)
{
    // What the protocol allows in one answer.
    private const int Most = 100;
    private const int MostPaths = 1_000;

    private readonly ResourceReader reader = new(session);

    public async ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> request, CancellationToken cancellationToken)
    {
        var typed = request.Params?.Argument.Value ?? "";
        McpResources.DemandShort(typed);
        McpResources.DemandShort((request.Params?.Ref as ResourceTemplateReference)?.Uri);
        IEnumerable<string> values = [];
        try
        {
            if (request.Params is { } asked) values = await ValuesAsync(asked, typed, cancellationToken);
        }
        catch (Exception error) when (error is SandboxException or McpException)
        {
            // No server, or no such sandbox, volume or directory: nothing to suggest.
        }

        var fitting = values.Where(value => value.StartsWith(typed, StringComparison.Ordinal)).Distinct().ToList();
        return new CompleteResult { Completion = new Completion { Values = [.. fitting.Take(Most)], Total = fitting.Count, HasMore = fitting.Count > Most } };
    }

    private async Task<IEnumerable<string>> ValuesAsync(CompleteRequestParams asked, string typed, CancellationToken cancellationToken)
    {
        var template = (asked.Ref as ResourceTemplateReference)?.Uri ?? "";
        return asked.Argument.Name switch
        {
            "sandbox_id" => await SandboxesAsync(cancellationToken),
            "template" => (await (await session.ClientAsync(cancellationToken)).ListTemplatesAsync(cancellationToken)).SelectMany(each => each.Aliases.Append(each.TemplateId)),
            "build_id" => await BuildsAsync(Given(asked, "template"), cancellationToken),
            "volume" => await (await session.ClientAsync(cancellationToken)).ListVolumesAsync(cancellationToken).Select(volume => volume.Name).ToListAsync(cancellationToken),
            "path" when !typed.StartsWith('/') => [],
            "path" when template.StartsWith(ResourceAddress.Volumes, StringComparison.Ordinal) => await VolumePathsAsync(Given(asked, "volume"), Folder(typed), cancellationToken),
            "path" => await PathsAsync(InSandbox(asked), Folder(typed), cancellationToken),
            "pid" when template.Contains("/screens/", StringComparison.Ordinal) => session.Sandboxes.TerminalsIn(await reader.IdAsync(InSandbox(asked), cancellationToken)).Select(Text),
            "pid" => (await SandboxViews.ListCommandsAsync(await reader.SandboxAsync(InSandbox(asked), cancellationToken), cancellationToken)).Commands.Select(command => Text(command.Pid)),
            _ => [],
        };
    }

    private async Task<IEnumerable<string>> SandboxesAsync(CancellationToken cancellationToken)
    {
        var client = await session.ClientAsync(cancellationToken);
        var ids = await client.ListSandboxesAsync(cancellationToken: cancellationToken).Select(sandbox => sandbox.SandboxId).ToListAsync(cancellationToken);
        return session.Sandboxes.SandboxId is null ? ids : ids.Prepend(ResourceAddress.Session);
    }

    private async Task<IEnumerable<string>> PathsAsync(ResourceAddress sandbox, string folder, CancellationToken cancellationToken) =>
        (await (await reader.SandboxAsync(sandbox, cancellationToken)).Files.ListAsync(folder, cancellationToken: cancellationToken))
            .Select(entry => entry.Type == FileType.Directory ? entry.Path + "/" : entry.Path);

    private async Task<IEnumerable<string>> VolumePathsAsync(string volume, string folder, CancellationToken cancellationToken)
    {
        if (volume.Length == 0) return [];
        var found = await (await session.ClientAsync(cancellationToken)).GetVolumeAsync(volume, cancellationToken);
        return await found.ListFilesAsync(folder, cancellationToken).Take(MostPaths).Select(file => file.Type == VolumeFileType.Directory ? file.Path + "/" : file.Path).ToListAsync(cancellationToken);
    }

    private async Task<IEnumerable<string>> BuildsAsync(string template, CancellationToken cancellationToken)
    {
        var client = await session.ClientAsync(cancellationToken);
        var found = await ResourceReader.FindTemplateAsync(client, template, cancellationToken);
        return await client.ListTemplateBuildsAsync(found.TemplateId, cancellationToken).Take(Most).Select(build => build.BuildId).ToListAsync(cancellationToken);
    }

    /// <summary>The sandbox that was given before, or the session's own.</summary>
    private static ResourceAddress InSandbox(CompleteRequestParams asked) =>
        McpResources.Parse(ResourceAddress.Of(Given(asked, "sandbox_id") is { Length: > 0 } id ? id : ResourceAddress.Session));

    private static string Given(CompleteRequestParams asked, string name) => asked.Context?.Arguments is { } arguments && arguments.TryGetValue(name, out var value) ? value : "";

    private static string Folder(string typed) => typed[..Math.Max(1, typed.LastIndexOf('/'))];

    private static string Text(int pid) => pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
