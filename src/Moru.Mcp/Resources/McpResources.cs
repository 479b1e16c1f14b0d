using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>The resources of a session: a list that grows with its sandboxes, and templates for what is in them.</summary>
internal sealed class McpResources(McpSession session)
{
    private const int PageSize = 50;
    private const string InOne = ResourceAddress.Sandboxes + "/{sandbox_id}";

    private readonly ResourceReader reader = new(session);

    private static readonly IList<ResourceTemplate> Templates =
    [
        Template(InOne, "sandbox", "Sandbox", "What the server knows of a sandbox: state, template, when it ends. `session` in place of an id is the session sandbox, here and below.", "application/json"),
        Template(InOne + "/files{+path}{?offset,length}", "file", "File or directory", "A file by its absolute path, text or binary, at most 4 MB of it; or the entries of a directory.", null),
        Template(InOne + "/metrics", "metrics", "Metrics", "CPU, memory and disk that a sandbox used, oldest first.", "application/json"),
        Template(InOne + "/processes", "processes", "Processes", "Commands that run in a sandbox, with their process ids.", "application/json"),
    ];

    public async ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> request, CancellationToken cancellationToken)
    {
        var cursor = request.Params?.Cursor;
        var listed = new List<Resource>();
        if (cursor is null)
        {
            listed.Add(Json(ResourceAddress.Sandboxes, "sandboxes", "Sandboxes", "The sandboxes that there are now, newest first."));
            listed.Add(Json(ResourceAddress.History, "history", "History", "Sandboxes of now and before, newest first, with how each ended."));
        }

        try
        {
            var query = new SandboxQuery { PageSize = PageSize, NextToken = cursor };
            var page = await (await session.ClientAsync(cancellationToken)).ListSandboxPageAsync(query, cancellationToken);
            listed.AddRange(page.Sandboxes.Select(sandbox => Json(ResourceAddress.Of(sandbox.SandboxId), sandbox.SandboxId, $"Sandbox {sandbox.SandboxId}", "A sandbox of this server.")));
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
    public static ResourceAddress Parse(string? uri) =>
        ResourceAddress.ParseOrDefault(uri ?? "") ?? throw ResourceReader.Missing(uri ?? "", "no template has this form");

    private static Resource Json(string uri, string name, string title, string description) =>
        new() { Uri = uri, Name = name, Title = title, Description = description, MimeType = "application/json" };

    private static ResourceTemplate Template(string uri, string name, string title, string description, string? mimeType) =>
        new() { UriTemplate = uri, Name = name, Title = title, Description = description, MimeType = mimeType };
}
