using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>Completes ids of sandboxes and paths in them, for resource templates and prompts alike.</summary>
internal sealed class McpCompletions(McpSession session)
{
    // What the protocol allows in one answer.
    private const int Most = 100;

    public async ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> request, CancellationToken cancellationToken)
    {
        var (name, typed) = (request.Params?.Argument.Name, request.Params?.Argument.Value ?? "");
        IEnumerable<string> values = [];
        try
        {
            if (name == "sandbox_id") values = await SandboxesAsync(cancellationToken);
            else if (name == "path" && typed.StartsWith('/')) values = await PathsAsync(request.Params, typed, cancellationToken);
        }
        catch (SandboxException)
        {
            // No server, or no such sandbox or directory: nothing to suggest.
        }

        var fitting = values.Where(value => value.StartsWith(typed, StringComparison.Ordinal)).Distinct().ToList();
        return new CompleteResult { Completion = new Completion { Values = [.. fitting.Take(Most)], Total = fitting.Count, HasMore = fitting.Count > Most } };
    }

    private async Task<IEnumerable<string>> SandboxesAsync(CancellationToken cancellationToken)
    {
        var client = await session.ClientAsync(cancellationToken);
        var ids = await client.ListSandboxesAsync(cancellationToken: cancellationToken).Select(sandbox => sandbox.SandboxId).ToListAsync(cancellationToken);
        return session.Sandboxes.SandboxId is null ? ids : ids.Prepend(ResourceAddress.Session);
    }

    private async Task<IEnumerable<string>> PathsAsync(CompleteRequestParams? request, string typed, CancellationToken cancellationToken)
    {
        var given = request?.Context?.Arguments is { } arguments && arguments.TryGetValue("sandbox_id", out var id) ? id : ResourceAddress.Session;
        if (given == ResourceAddress.Session) given = session.Sandboxes.SandboxId ?? "";
        if (given.Length == 0) return [];
        var sandbox = await (await session.ClientAsync(cancellationToken)).ConnectSandboxAsync(given, TimeSpan.Zero, cancellationToken);
        var folder = typed[..Math.Max(1, typed.LastIndexOf('/'))];
        return (await sandbox.Files.ListAsync(folder, cancellationToken: cancellationToken)).Select(entry => entry.Type == Protocol.FileType.Directory ? entry.Path + "/" : entry.Path);
    }
}
