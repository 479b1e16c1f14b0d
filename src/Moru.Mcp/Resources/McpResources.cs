using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>The resources of a session: a list that grows with its sandboxes, and templates for what is in them.</summary>
internal sealed class McpResources(McpSession session)
{
    private const int PageSize = 50;
    private const int MaxLength = 8 << 10;
    private const string InOne = ResourceAddress.Sandboxes + "/{sandbox_id}";

    private readonly ResourceReader reader = new(session);

    private static readonly IList<ResourceTemplate> Templates =
    [
        Template(McpIcons.Box, InOne, "sandbox", "Sandbox", "What the server knows of a sandbox: state, template, when it ends. `session` in place of an id is the session sandbox, here and below.", "application/json"),
        Template(McpIcons.File, InOne + "/files{+path}{?offset,length}", "file", "File or directory", "A file by its absolute path, text or binary, at most 4 MB of it; or the entries of a directory.", null),
        Template(McpIcons.Terminal, InOne + "/commands", "commands", "Commands", "Commands of a sandbox, those that run and the last that ended, with the sizes of their output.", "application/json"),
        Template(McpIcons.Terminal, InOne + "/commands/{pid}{?cursor}", "output", "Output of a command", "Its beginning and end and how it ended; with a cursor, all that follows it, a page at a time: begin with `0,0`.", "application/json"),
        Template(McpIcons.Terminal, InOne + "/screens/{pid}", "screen", "Screen of a terminal", "The lines on the screen of a terminal that this session has open.", "text/plain"),
        Template(McpIcons.Chart, InOne + "/logs{?start}", "logs", "Log", "The newest 100 starts, ends and pieces of output of processes, or the first from a time on; also after a sandbox's end.", "application/json"),
        Template(McpIcons.Chart, InOne + "/metrics", "metrics", "Metrics", "CPU, memory and disk that a sandbox used, oldest first.", "application/json"),
        Template(McpIcons.Layers, ResourceAddress.Templates + "/{template}", "template", "Template", "A template by its name or id, and its last builds.", "application/json"),
        Template(McpIcons.Layers, ResourceAddress.Templates + "/{template}/builds/{build_id}", "build", "Build of a template", "How far a build is, and its log.", "application/json"),
        Template(McpIcons.Disk, ResourceAddress.Volumes + "/{volume}", "volume", "Volume", "A volume by its name or id: how large it is and when it changed.", "application/json"),
        Template(McpIcons.File, ResourceAddress.Volumes + "/{volume}/files{+path}{?offset,length}", "volume_file", "File of a volume", "As the files of a sandbox, without one.", null),
    ];

    public async ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> request, CancellationToken cancellationToken)
    {
        var cursor = request.Params?.Cursor;
        var listed = new List<Resource>();
        if (cursor is null)
        {
            listed.Add(Json(McpIcons.Box, ResourceAddress.Sandboxes, "sandboxes", "Sandboxes", "The sandboxes that there are now, newest first."));
            listed.Add(Json(McpIcons.Box, ResourceAddress.History, "history", "History", "Sandboxes of now and before, newest first, with how each ended."));
            listed.Add(Json(McpIcons.Layers, ResourceAddress.Templates, "templates", "Templates", "What sandboxes can be made from, and how far its last build is."));
            listed.Add(Json(McpIcons.Disk, ResourceAddress.Volumes, "volumes", "Volumes", "Directories that outlive sandboxes, with their sizes."));
        }

        try
        {
            var query = new SandboxQuery { PageSize = PageSize, NextToken = cursor };
            var page = await (await session.ClientAsync(cancellationToken)).ListSandboxPageAsync(query, cancellationToken);
            listed.AddRange(page.Sandboxes.Select(Sandbox));
            return new ListResourcesResult { Resources = listed, NextCursor = page.NextToken };
        }
        catch (InvalidArgumentException error) when (cursor is not null)
        {
            throw new McpProtocolException($"The cursor is none of this server's: {error.Message}", McpErrorCode.InvalidParams);
        }
        catch (SandboxException) when (cursor is null)
        {
            return new ListResourcesResult { Resources = listed }; // no server yet: what is always there can be listed all the same
        }
    }

    public static ValueTask<ListResourceTemplatesResult> ListTemplatesAsync(RequestContext<ListResourceTemplatesRequestParams> request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ListResourceTemplatesResult { ResourceTemplates = Templates });

    public async ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken cancellationToken) =>
        new() { Contents = [await reader.ReadAsync(Parse(request.Params?.Uri), cancellationToken)] };

    /// <exception cref="McpProtocolException">Nothing can have this URI.</exception>
    public static ResourceAddress Parse(string? uri)
    {
        DemandShort(uri);
        return ResourceAddress.ParseOrDefault(uri ?? "") ?? throw ResourceReader.Missing(uri ?? "", "no template has this form");
    }

    /// <exception cref="McpProtocolException">No URI, and no part of one, is so long.</exception>
    public static void DemandShort(string? text)
    {
        if (text?.Length > MaxLength) throw new McpProtocolException($"The URI of a resource, and each variable in it, has at most {MaxLength} characters.", McpErrorCode.InvalidParams);
    }

    private Resource Sandbox(SandboxInfo sandbox)
    {
        var listed = Json(McpIcons.Box, ResourceAddress.Of(sandbox.SandboxId), sandbox.SandboxId, $"Sandbox {sandbox.SandboxId}", "A sandbox of this server.");
        listed.Size = Encoding.UTF8.GetByteCount(ResourceJson.Write(reader.Describe(sandbox))); // the others are not known until they are read
        return listed;
    }

    private static Resource Json(IList<Icon> icons, string uri, string name, string title, string description) =>
        new() { Uri = uri, Name = name, Title = title, Description = description, MimeType = "application/json", Icons = icons };

    private static ResourceTemplate Template(IList<Icon> icons, string uri, string name, string title, string description, string? mimeType) =>
        new() { UriTemplate = uri, Name = name, Title = title, Description = description, MimeType = mimeType, Icons = icons };
}
