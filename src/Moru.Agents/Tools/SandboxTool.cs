using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Moru.Tools;

namespace Moru.Agents;

/// <summary>A tool that works in the conversation's sandbox, answers in words that a model reads, and is traced.</summary>
internal sealed class SandboxTool : DelegatingAIFunction
{
    private const string SandboxId = "sandbox_id";

    private static readonly TimeSpan UsualTime = TimeSpan.FromMinutes(1);

    private readonly AgentSandbox sandbox;
    private readonly MoruToolsOptions options;
    private readonly bool takesSandbox;

    public SandboxTool(AIFunction tool, AgentSandbox sandbox, MoruToolsOptions options)
        : base(tool)
    {
        (this.sandbox, this.options) = (sandbox, options);
        takesSandbox = TakesSandbox(tool);
        JsonSchema = options.AllSandboxes ? tool.JsonSchema : WithoutSandbox(tool.JsonSchema);
    }

    public override JsonElement JsonSchema { get; }

    // The model gets text, whatever the tool returns to programs.
    public override JsonElement? ReturnJsonSchema => null;

    public static bool TakesSandbox(AIFunction tool) => tool.JsonSchema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(SandboxId, out _);

    /// <summary>Plain text, which every chat client hands to its model as it is; with pictures, contents.</summary>
    internal static object Show(ToolResult result, string text) => result.Images.Count == 0
        ? text
        : new List<AIContent>([new TextContent(text), .. result.Images.Select(image => new DataContent(image.Data, image.MediaType))]);

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        using var activity = Traces.StartTool(Name, sandbox.ConversationId);
        try
        {
            var bound = await BindAsync(arguments, cancellationToken);
            var used = bound.TryGetValue(SandboxId, out var id) ? id?.ToString() : null;
            activity?.SetTag(Traces.SandboxId, used);
            return await CallAsync(bound, used, activity, cancellationToken);
        }
        catch (Exception error) when (error is ToolException or SandboxException)
        {
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            return WithNews($"Error: {error.Message}");
        }
    }

    private async Task<object?> CallAsync(AIFunctionArguments bound, string? used, Activity? activity, CancellationToken cancellationToken)
    {
        try
        {
            var result = (ToolResult)(await base.InvokeCoreAsync(bound, cancellationToken))!;
            if (result is KilledSandbox { SandboxId: { } killed }) sandbox.Forget(killed);
            if (result.IsError) activity?.SetStatus(ActivityStatusCode.Error);
            return Show(result, WithNews(result.ToString()));
        }
        catch (ToolException error) when (used is not null && used == sandbox.SandboxId)
        {
            if (!await HasEndedAsync(used, cancellationToken)) throw;
            sandbox.Lose(used);
            throw new ToolException($"The sandbox {used} has ended: its files and processes are gone. Call again, and a new, empty one is made.", error);
        }
    }

    private async Task<AIFunctionArguments> BindAsync(AIFunctionArguments given, CancellationToken cancellationToken)
    {
        if (!options.AllSandboxes && given.ContainsKey(SandboxId))
            throw new ToolException($"There is no argument `{SandboxId}`: leave it out, the tools always work in your own sandbox.");
        var context = new Dictionary<object, object?>(given.Context ?? new Dictionary<object, object?>());
        if (options.Progress is { } progress) context.TryAdd(typeof(IProgress<string>), new Relay(Name, progress));
        var bound = new AIFunctionArguments(given) { Context = context, Services = given.Services };
        if (!takesSandbox || IsGiven(given)) return bound;

        // Making a sandbox only to kill it helps nobody: then the tool says that there is none.
        if (Name == "kill_sandbox" && sandbox.SandboxId is null) return bound;
        bound[SandboxId] = (await sandbox.GetAsync(BusyFor(given), cancellationToken)).SandboxId;
        return bound;
    }

    private async Task<bool> HasEndedAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await sandbox.Client.GetSandboxInfoAsync(id, cancellationToken);
            return false;
        }
        catch (NotFoundException)
        {
            return true;
        }
        catch (SandboxException)
        {
            return false; // nothing is known of it
        }
    }

    private string WithNews(string text) => sandbox.TakeNews() is { } news ? $"[note: {news}]\n{text}" : text;

    private static bool IsGiven(AIFunctionArguments given) =>
        given.TryGetValue(SandboxId, out var id) && id is not (null or "" or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }) && id.ToString() != "";

    private static TimeSpan BusyFor(AIFunctionArguments given) =>
        given.TryGetValue("timeout_seconds", out var value) && double.TryParse(value?.ToString(), CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : UsualTime;

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
