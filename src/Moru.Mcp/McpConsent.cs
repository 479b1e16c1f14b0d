using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// Asks the user, where the client can, before a tool ends something that this session did not make for itself. The SDK carries the
/// question within the call in the newest revision, and as a request of the server's before that.
/// </summary>
internal static class McpConsent
{
    private const string Question = "consent";
    private const string Agree = "agree";

    /// <returns>What to answer instead of making the call; null: make it.</returns>
    public static CallToolResult? RefusalOrDefault(RequestContext<CallToolRequestParams> request, McpSession session)
    {
        if (Danger(request.Params!, session) is not { } danger || request.Server.ClientCapabilities?.Elicitation?.Form is null) return null;
        if (request.Params!.InputResponses?.TryGetValue(Question, out var response) == true)
        {
            var answer = response.Deserialize(InputResponse.ElicitResultJsonTypeInfo);
            return answer is { Action: "accept", Content: { } content } && content.TryGetValue(Agree, out var agreed) && agreed.ValueKind == JsonValueKind.True
                ? null
                : new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = "The user did not agree, so nothing was done. Ask what they want instead." }] };
        }

        if (!request.Server.IsMrtrSupported) return null;
        var form = new ElicitRequestParams
        {
            Message = danger,
            RequestedSchema = new ElicitRequestParams.RequestSchema
            {
                Properties = { [Agree] = new ElicitRequestParams.BooleanSchema { Title = "Do it", Description = danger, Default = false } },
                Required = [Agree],
            },
        };
        throw new InputRequiredException(new Dictionary<string, InputRequest> { [Question] = InputRequest.ForElicitation(form) }, null);
    }

    private static string? Danger(CallToolRequestParams call, McpSession session)
    {
        if (call.Name == "kill_sandbox")
        {
            return call.Arguments?.TryGetValue("sandbox_id", out var id) == true && id.ValueKind == JsonValueKind.String && id.GetString() is { Length: > 0 } text && text != session.Sandboxes.SandboxId
                ? $"End sandbox {text} for good? Its processes stop and its files are lost."
                : null;
        }

        return call.Name.StartsWith("delete_", StringComparison.Ordinal)
            ? $"Let the model call {call.Name} with {Written(call.Arguments)}? What it deletes cannot be brought back."
            : null;
    }

    private static string Written(IDictionary<string, JsonElement>? arguments) =>
        new JsonObject((arguments ?? new Dictionary<string, JsonElement>()).Select(argument => KeyValuePair.Create(argument.Key, JsonNode.Parse(argument.Value.GetRawText())))).ToJsonString();
}
