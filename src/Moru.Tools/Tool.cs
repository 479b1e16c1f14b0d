using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Tools;

/// <summary>
/// One tool as every face calls it: arguments are checked before, failures are words for the model after. It returns a
/// <see cref="ToolResult"/> or throws <see cref="ToolException"/>.
/// </summary>
public sealed class Tool : DelegatingAIFunction
{
    private readonly string example;

    internal Tool(AIFunction method, string example)
        : base(method)
    {
        this.example = example;
        JsonSchema = ToolSchemas.Input(method.JsonSchema);
        ReturnJsonSchema = ToolSchemas.Output(method.ReturnJsonSchema!.Value, JsonSchema);
    }

    /// <inheritdoc/>
    public override JsonElement JsonSchema { get; }

    /// <inheritdoc/>
    public override JsonElement? ReturnJsonSchema { get; }

    /// <summary>Its name for people.</summary>
    public required string Title { get; init; }

    /// <summary>The groups it is in.</summary>
    public required Toolsets Toolsets { get; init; }

    /// <summary>What a call may do, so that an agent can ask its user before.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>Whether a call may reach beyond the sandbox, such as into the network.</summary>
    public bool OpenWorld { get; init; }

    /// <summary>Schema of every parameter, also of those that <see cref="JsonSchema"/> leaves out.</summary>
    public JsonElement Parameters => InnerFunction.JsonSchema;

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var bound = ToolArguments.Check(InnerFunction, arguments, example);
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

/// <summary>What a call of a tool may do to a sandbox.</summary>
public enum ToolEffect
{
    /// <summary>It changes nothing.</summary>
    ReadOnly,

    /// <summary>It adds, and takes nothing away.</summary>
    Adds,

    /// <summary>It may change or remove what is there.</summary>
    Destroys,

    /// <summary>As <see cref="Destroys"/>, but the same call once more changes nothing further.</summary>
    DestroysOnce,
}
