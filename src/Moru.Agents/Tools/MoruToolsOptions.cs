using Microsoft.Extensions.AI;
using Moru.Tools;

namespace Moru.Agents;

/// <summary>Which tools an agent gets and how it may call them.</summary>
public sealed record MoruToolsOptions
{
    /// <summary>
    /// Whether the tools reach every sandbox of the API key, and may make others; default false: they reach the conversation's own only,
    /// and none has an argument <c>sandbox_id</c>.
    /// </summary>
    public bool AllSandboxes { get; init; }

    /// <summary>Groups of tools to offer; default: the core.</summary>
    public Toolsets Toolsets { get; init; } = Toolsets.Core;

    /// <summary>Names of the tools to offer among those; default: all.</summary>
    public IReadOnlyCollection<string>? Only { get; init; }

    /// <summary>Which tools need a person's approval; default: those that end a sandbox, a template or a volume for good.</summary>
    public Func<Tool, bool> NeedsApproval { get; init; } = Destroys;

    /// <summary>
    /// Asked before a tool that needs approval runs where nothing else can ask: in Semantic Kernel, and when code calls it. Default: such calls
    /// are refused. Chat clients ask by themselves, with <see cref="ToolApprovalRequestContent"/>.
    /// </summary>
    public Func<ToolCallRequest, CancellationToken, ValueTask<bool>>? Approve { get; init; }

    /// <summary>Told what running tools say, line by line; default none.</summary>
    public IProgress<ToolProgress>? Progress { get; init; }

    // What goes on inside a sandbox needs nobody's leave: that is what it is for.
    private static bool Destroys(Tool tool) => tool.Name is "kill_sandbox" or "delete_template" or "manage_volume";
}

/// <summary>A tool call that waits for approval.</summary>
/// <param name="Tool">Name of the tool.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="ConversationId">Name of the conversation; null: none.</param>
public sealed record ToolCallRequest(string Tool, IReadOnlyDictionary<string, object?> Arguments, string? ConversationId);

/// <summary>What a running tool says.</summary>
/// <param name="Tool">Name of the tool.</param>
/// <param name="Message">One line, such as the last one a command wrote.</param>
public sealed record ToolProgress(string Tool, string Message);
