using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Moru.Tools;

namespace Moru.Agents;

/// <summary>A tool that works in the conversation's sandbox, answers in words that a model reads, and is traced.</summary>
internal sealed class SandboxTool : DelegatingAIFunction
{
    private const string SandboxId = "sandbox_id";

    private readonly string? conversationId;
    private readonly MoruToolsOptions options;

    public SandboxTool(Tool tool, string? conversationId, MoruToolsOptions options)
        : base(tool)
    {
        (this.conversationId, this.options) = (conversationId, options);
        JsonSchema = options.AllSandboxes ? tool.JsonSchema : WithoutSandbox(tool.JsonSchema);
    }

    public override JsonElement JsonSchema { get; }

    // The model gets text, whatever the tool returns to programs.
    public override JsonElement? ReturnJsonSchema => null;

    public static bool TakesSandbox(AIFunction tool) => tool.JsonSchema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(SandboxId, out _);

    /// <summary>Plain text, which every chat client hands to its model as it is; with pictures, contents.</summary>
    internal static object Show(ToolResult result) => result.Images.Count == 0
        ? result.ToString()
        : new List<AIContent>([new TextContent(result.ToString()), .. result.Images.Select(image => new DataContent(image.Data, image.MediaType))]);

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        using var activity = Traces.StartTool(Name, conversationId);
        try
        {
            var result = (ToolResult)(await base.InvokeCoreAsync(Bind(arguments), cancellationToken))!;
            if (result is SandboxResult { SandboxId: { } used }) activity?.SetTag(Traces.SandboxId, used);
            if (result.IsError) activity?.SetStatus(ActivityStatusCode.Error);
            return Show(result);
        }
        catch (ToolException error)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            return $"Error: {error.Message}";
        }
    }

    private AIFunctionArguments Bind(AIFunctionArguments given)
    {
        if (!options.AllSandboxes && given.ContainsKey(SandboxId))
            throw new ToolException($"There is no argument `{SandboxId}`: leave it out, the tools always work in your own sandbox.");
        var context = new Dictionary<object, object?>(given.Context ?? new Dictionary<object, object?>());
        if (options.Progress is { } progress) context.TryAdd(typeof(IProgress<string>), new Relay(Name, progress));
        return new AIFunctionArguments(given) { Context = context, Services = given.Services };
    }

    private static JsonElement WithoutSandbox(JsonElement schema)
    {
        var copy = JsonObject.Create(schema)!.DeepClone().AsObject();
        copy["properties"]?.AsObject().Remove(SandboxId);
        return JsonSerializer.SerializeToElement(copy);
    }

    private sealed class Relay(string tool, IProgress<ToolProgress> listener) : IProgress<string>
    {
        public void Report(string value) => listener.Report(new ToolProgress(tool, value));
    }
}
