using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.StaticFiles;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Moru.Protocol;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>Reads what a resource holds now.</summary>
internal sealed class ResourceReader(McpSession session)
{
    /// <summary>Most bytes of a file that one answer carries.</summary>
    public const int MaxBytes = 4 << 20;

    private const int MaxRuns = 100;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly FileExtensionContentTypeProvider MimeTypes = CreateMimeTypes();

    /// <exception cref="McpProtocolException">There is no such thing.</exception>
    public async Task<ResourceContents> ReadAsync(ResourceAddress address, CancellationToken cancellationToken)
    {
        var client = await session.ClientAsync(cancellationToken);
        try
        {
            return address.Kind switch
            {
                ResourceKind.Sandboxes => Json(address, new SandboxesDescription(await client.ListSandboxesAsync(cancellationToken: cancellationToken).Select(Describe).ToListAsync(cancellationToken))),
                ResourceKind.History => Json(address, new HistoryDescription(await client.ListSandboxRunsAsync(cancellationToken).Take(MaxRuns).Select(Describe).ToListAsync(cancellationToken))),
                ResourceKind.Sandbox => Json(address, Describe(await client.GetSandboxInfoAsync(Id(address), cancellationToken))),
                ResourceKind.Processes => Json(address, new ProcessesDescription(await (await SandboxAsync(address, cancellationToken)).Commands.ListAsync(cancellationToken))),
                ResourceKind.Metrics => Json(address, new MetricsDescription(await client.GetSandboxMetricsAsync(Id(address), cancellationToken: cancellationToken))),
                _ => await ReadFileAsync(address, await SandboxAsync(address, cancellationToken), cancellationToken),
            };
        }
        catch (Exception error) when (error is NotFoundException or InvalidArgumentException)
        {
            throw Missing(address.Uri, error.Message);
        }
        catch (SandboxException error)
        {
            throw new McpProtocolException(error.Message, error, McpErrorCode.InternalError);
        }
    }

    /// <summary>The sandbox that an address is about, without a moment added to its life.</summary>
    public async Task<Sandbox> SandboxAsync(ResourceAddress address, CancellationToken cancellationToken) =>
        await (await session.ClientAsync(cancellationToken)).ConnectSandboxAsync(Id(address), TimeSpan.Zero, cancellationToken);

    public static McpProtocolException Missing(string uri, string why) =>
        new($"Resource '{uri}' is not there: {why.TrimEnd('.')}. Read {ResourceAddress.Sandboxes} to see which sandboxes there are.", McpErrorCode.InvalidParams) { Data = { ["uri"] = uri } };

    public static string MimeType(string path) => MimeTypes.TryGetContentType(path, out var type) ? type : "text/plain";

    private string Id(ResourceAddress address) => address.SandboxId != ResourceAddress.Session
        ? address.SandboxId
        : session.Sandboxes.SandboxId ?? throw Missing(address.Uri, "this session has no sandbox yet; the first call of a tool makes it");

    private static async Task<ResourceContents> ReadFileAsync(ResourceAddress address, Sandbox sandbox, CancellationToken cancellationToken)
    {
        var info = await sandbox.Files.GetInfoAsync(address.Path, cancellationToken: cancellationToken);
        if (info.Type == FileType.Directory) return Json(address, await DirectoryAsync(sandbox, address.Path, cancellationToken));

        var wanted = address.Length ?? Math.Max(0, info.SizeBytes - address.Offset);
        if (wanted > MaxBytes)
            throw new McpProtocolException($"'{address.Path}' has {info.SizeBytes} bytes and a resource at most {MaxBytes}: read parts with ?offset=0&length={MaxBytes}.", McpErrorCode.InvalidParams);

        await using var stream = await sandbox.Files.OpenReadAsync(address.Path, cancellationToken: cancellationToken);
        var buffer = new byte[wanted];
        for (var skip = address.Offset; skip > 0 && wanted > 0;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(skip, wanted)), cancellationToken);
            if (read == 0) break;
            skip -= read;
        }

        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Content(address, buffer.AsMemory(0, length));
    }

    private static ResourceContents Content(ResourceAddress address, ReadOnlyMemory<byte> bytes)
    {
        var type = MimeType(address.Path);
        try
        {
            if (!bytes.Span.Contains((byte)0)) return new TextResourceContents { Uri = address.Uri, MimeType = type, Text = StrictUtf8.GetString(bytes.Span) };
        }
        catch (DecoderFallbackException)
        {
            // Binary, whatever its name says.
        }

        return BlobResourceContents.FromBytes(bytes, address.Uri, type.StartsWith("text/", StringComparison.Ordinal) ? "application/octet-stream" : type);
    }

    private static async Task<DirectoryDescription> DirectoryAsync(Sandbox sandbox, string path, CancellationToken cancellationToken) => new(
        path,
        [
            .. (await sandbox.Files.ListAsync(path, cancellationToken: cancellationToken)).Select(entry => new EntryDescription(
                ResourceAddress.OfFile(sandbox.SandboxId, entry.Path),
                entry.Name,
                entry.Type == FileType.Directory ? "directory" : "file",
                entry.Type == FileType.Directory ? "application/json" : MimeType(entry.Path),
                entry.SizeBytes,
                entry.ModifiedTime)),
        ]);

    private SandboxDescription Describe(SandboxInfo info) => new(
        info.SandboxId,
        info.SandboxId == session.Sandboxes.SandboxId,
        info.State.ToString().ToLowerInvariant(),
        info.Name ?? info.TemplateId,
        info.StartedAt,
        info.EndAt,
        info.CpuCount,
        info.MemoryMB,
        info.Metadata);

    private static RunDescription Describe(SandboxRun run) =>
        new(run.SandboxId, run.Alias ?? run.TemplateId, run.Status.ToString().ToLowerInvariant(), run.EndReason?.ToString().ToLowerInvariant(), run.CreatedAt, run.EndedAt);

    private static TextResourceContents Json(ResourceAddress address, object value) =>
        new() { Uri = address.Uri, MimeType = "application/json", Text = ResourceJson.Write(value) };

    private static FileExtensionContentTypeProvider CreateMimeTypes()
    {
        var types = new FileExtensionContentTypeProvider();
        foreach (var (extension, type) in new[] { (".md", "text/markdown"), (".py", "text/x-python"), (".ts", "text/typescript"), (".yaml", "application/yaml"), (".yml", "application/yaml"), (".parquet", "application/vnd.apache.parquet") })
            types.Mappings[extension] = type;
        return types;
    }
}
