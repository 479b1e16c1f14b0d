using Microsoft.Extensions.AI;

namespace Moru.Tools;

/// <summary>A tool as every face calls it: arguments checked before, failures in words for the model after.</summary>
internal sealed class Tool(AIFunction method, string example) : DelegatingAIFunction(method)
{
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var bound = ToolArguments.Check(this, arguments, example);
        try
        {
            return await base.InvokeCoreAsync(bound, cancellationToken);
        }
        catch (SandboxException error)
        {
            throw ToolErrors.From(error);
        }
    }
}
