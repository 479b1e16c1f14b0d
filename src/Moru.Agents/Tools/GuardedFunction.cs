using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>A tool that runs only after <see cref="MoruToolsOptions.Approve"/> agreed; without one, never.</summary>
internal sealed class GuardedFunction(AIFunction tool, MoruToolsOptions options, string? conversationId) : DelegatingAIFunction(tool)
{
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (options.Approve is not { } approve)
            return $"Error: {Name} needs a person's approval, and nobody can be asked here. Do without it, or tell the user.";
        return await approve(new ToolCallRequest(Name, arguments, conversationId), cancellationToken)
            ? await base.InvokeCoreAsync(arguments, cancellationToken)
            : $"Error: the user did not approve {Name}. Do without it, or ask what they want instead.";
    }
}
