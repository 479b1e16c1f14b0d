using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>Answers parameters that cannot be read as what they are, a mistake of the client's; the SDK would call it an internal error.</summary>
internal static class McpParameters
{
    public static McpMessageFilter Filter { get; } = next => async (context, cancellationToken) =>
    {
        if (context.JsonRpcMessage is not JsonRpcRequest request)
        {
            await next(context, cancellationToken);
            return;
        }

        if (NamesTwice(request.Params) || NamesTwice((request.Params as JsonObject)?["_meta"])) throw Unreadable(request.Method, ", since a member is there twice");
        try
        {
            await next(context, cancellationToken);
        }
        catch (JsonException error)
        {
            throw Unreadable(request.Method, error.Path is null or "$" ? "" : $" at {error.Path}");
        }
        catch (InvalidOperationException error) when (error.Source?.StartsWith(typeof(JsonElement).Namespace!, StringComparison.Ordinal) == true)
        {
            throw Unreadable(request.Method, ", since a text has half of a surrogate pair (write the whole character)");
        }
    };

    private static McpProtocolException Unreadable(string method, string where) =>
        new($"The params of '{method}' cannot be read{where}: they must be an object with the members that the protocol names for this method.", McpErrorCode.InvalidParams);

    // The SDK's object of JSON notices only when it is first asked for a member.
    private static bool NamesTwice(JsonNode? node)
    {
        try
        {
            return (node as JsonObject)?.Count < 0;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
