using System.Diagnostics;

namespace Moru.Agents;

/// <summary>Traces of what agents do in sandboxes: source <c>Moru.Agents</c>, named as OpenTelemetry's conventions for generative AI say.</summary>
internal static class Traces
{
    public const string SandboxId = "moru.sandbox.id";

    private static readonly ActivitySource Source = new("Moru.Agents");

    public static Activity? StartTool(string tool, string? conversationId)
    {
        var activity = Source.StartActivity($"execute_tool {tool}");
        activity?.SetTag("gen_ai.operation.name", "execute_tool");
        activity?.SetTag("gen_ai.tool.name", tool);
        if (conversationId is not null) activity?.SetTag("gen_ai.conversation.id", conversationId);
        return activity;
    }
}
