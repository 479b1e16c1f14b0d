using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// Names every revision that this server speaks over HTTP where a client asks. The SDK names only those without sessions there, though
/// its error for an unknown revision names all.
/// </summary>
internal static class McpVersions
{
    /// <summary>The first revision in which each request stands for itself.</summary>
    public const string WithoutSessions = "2026-07-28";

    /// <summary>The first revision in which a result may link to resources.</summary>
    private const string WithLinks = "2025-06-18";

    private static readonly IReadOnlyList<string> All = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", WithoutSessions];

    public static bool HasSessions(RequestContext<CallToolRequestParams> request) => string.CompareOrdinal(Of(request), WithoutSessions) < 0;

    public static bool HasLinks(RequestContext<CallToolRequestParams> request) => string.CompareOrdinal(Of(request), WithLinks) >= 0;

    public static McpMessageFilter Filter { get; } = next => (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is JsonRpcResponse { Result: JsonObject result } && result["supportedVersions"] is JsonArray)
            result["supportedVersions"] = new JsonArray([.. All.Select(version => JsonValue.Create(version))]);
        return next(context, cancellationToken);
    };

    private static string? Of(RequestContext<CallToolRequestParams> request) => request.JsonRpcRequest.Context?.ProtocolVersion ?? request.Server.NegotiatedProtocolVersion;
}
