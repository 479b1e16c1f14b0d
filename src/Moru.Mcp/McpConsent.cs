using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>
/// Asks the user, where the client can, before a tool destroys something by name: see the table in docs/mcp.md for which do, and why the
/// others need not. The SDK carries the question within the call in the newest revision, and as a request of the server's before that.
/// </summary>
internal static class McpConsent
{
    private const string Question = "consent";
    private const string Agree = "agree";
    private const int MaxShown = 200;

    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);

    /// <returns>What to answer instead of making the call; null: make it.</returns>
    public static async ValueTask<CallToolResult?> RefusalOrDefaultAsync(RequestContext<CallToolRequestParams> request, McpSession session, CancellationToken cancellationToken)
    {
        if (request.Server.ClientCapabilities?.Elicitation?.Form is null || await DangerAsync(request.Params!, session, cancellationToken) is not { } danger) return null;
        var state = StateOf(request.Params!);
        if (request.Params!.InputResponses?.TryGetValue(Question, out var response) == true && request.Params.RequestState == state)
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
        throw new InputRequiredException(new Dictionary<string, InputRequest> { [Question] = InputRequest.ForElicitation(form) }, state);
    }

    /// <summary>Ties an answer to the call that it was asked about.</summary>
    private static string StateOf(CallToolRequestParams call)
    {
        var arguments = new JsonObject((call.Arguments ?? new Dictionary<string, JsonElement>()).Select(one => KeyValuePair.Create(one.Key, JsonNode.Parse(one.Value.GetRawText()))));
        return Convert.ToHexStringLower(HMACSHA256.HashData(Secret, Encoding.UTF8.GetBytes($"{call.Name} {arguments.ToJsonString()}")));
    }

    /// <returns>The question to ask; null: nothing is in danger, or the call is wrong anyway.</returns>
    private static async ValueTask<string?> DangerAsync(CallToolRequestParams call, McpSession session, CancellationToken cancellationToken)
    {
        var own = Given(call, "sandbox_id") is not { } id || id == session.Sandboxes.SandboxId;
        return (call.Name, Given(call, "action")) switch
        {
            ("kill_sandbox", _) when !own => $"End sandbox {Shown(call, "sandbox_id")} for good? Its processes stop and its files are lost.",
            ("set_timeout", _) when !own && await IsShorterAsync(call, session, cancellationToken) => $"Shorten the life of sandbox {Shown(call, "sandbox_id")}? Its files are lost when it ends.",
            ("remove_file", _) when Given(call, "path") is not null => $"Remove {Shown(call, "path")}, with all that is in it, from {(own ? "the session sandbox" : $"sandbox {Shown(call, "sandbox_id")}")}?",
            ("delete_template", _) when Given(call, "template") is not null => $"Delete the template {Shown(call, "template")} with all its builds for good?",
            ("manage_volume", "delete") when Given(call, "volume") is not null => $"Delete the volume {Shown(call, "volume")} with all its files for good?",
            ("volume_file", "delete") when Given(call, "volume") is not null => $"Delete {Shown(call, "path")}, with all that is in it, from the volume {Shown(call, "volume")} for good?",
            _ => null,
        };
    }

    private static async ValueTask<bool> IsShorterAsync(CallToolRequestParams call, McpSession session, CancellationToken cancellationToken)
    {
        if (call.Arguments?.TryGetValue("timeout_seconds", out var seconds) != true || seconds.ValueKind != JsonValueKind.Number || !seconds.TryGetDouble(out var life)) return false;
        try
        {
            var sandbox = await (await session.ClientAsync(cancellationToken)).GetSandboxInfoAsync(Given(call, "sandbox_id")!, cancellationToken);
            return sandbox.State == SandboxState.Paused || DateTimeOffset.UtcNow.AddSeconds(life) < sandbox.EndAt; // a paused one does not end at all
        }
        catch (SandboxException)
        {
            return false; // the call itself will say why
        }
    }

    private static string? Given(CallToolRequestParams call, string name) =>
        call.Arguments?.TryGetValue(name, out var value) == true && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>
    /// As JSON, so that a name cannot hold lines or letters that change what the question says; a path without detours, so that a long one
    /// does not hide where it ends.
    /// </summary>
    private static string Shown(CallToolRequestParams call, string name)
    {
        var text = Given(call, name) ?? "/";
        if (name == "path") text = Direct(text);
        return JsonValue.Create(text.Length <= MaxShown ? text : $"{text[..(MaxShown / 2)]}...{text[^(MaxShown / 2)..]}").ToJsonString();
    }

    private static string Direct(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part == ".." && parts.Count > 0 && parts[^1] != "..") parts.RemoveAt(parts.Count - 1);
            else if (part != ".." || path[0] != '/') parts.Add(part);
        }

        return $"{(path[0] == '/' ? "/" : parts.Count == 0 ? "." : "")}{string.Join('/', parts)}";
    }
}
