using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>The tool <c>execute_code</c>: Python that calls the agent's tools, so that one script does what took a call each.</summary>
internal sealed class CodeActing
{
    public const string Instructions =
        "Prefer one execute_code with loops and conditions over many single calls: in its Python, call_tool(\"name\", argument=value) calls any of your tools and returns its result. Print only what you need to know.";

    private const string Name = "execute_code";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly AgentSandbox sandbox;
    private readonly IReadOnlyList<AIFunction> callable;

    public CodeActing(MoruTools moru, IEnumerable<AIFunction> others)
    {
        sandbox = moru.Sandbox;
        callable = [.. others.Select(tool => Guarded(tool, moru)), .. moru.SelfGuarding];
        Function = AIFunctionFactory.Create(RunAsync, Name, Describe());
    }

    public AIFunction Function { get; }

    private async Task<string> RunAsync([System.ComponentModel.Description("Python code")] string code, CancellationToken cancellationToken)
    {
        using var activity = Traces.StartTool(Name, sandbox.ConversationId);
        try
        {
            return (await sandbox.Python.RunAsync(code, Limit, callable, cancellationToken)).ToString();
        }
        catch (SandboxException error)
        {
            return $"Error: {error.Message}";
        }
    }

    // Nobody can be asked in the middle of a script but the application itself.
    private static AIFunction Guarded(AIFunction tool, MoruTools moru) =>
        tool.GetService<ApprovalRequiredAIFunction>() is null ? tool : new GuardedFunction(tool, moru.Options, moru.Sandbox.ConversationId);

    private string Describe()
    {
        var tools = callable.Select(tool => $"{tool.Name}({string.Join(", ", Parameters(tool.JsonSchema))})");
        return $"Run Python in your sandbox; variables, imports and files stay from call to call. Returns what it prints and the value of the last line. call_tool(\"name\", argument=value) calls: {string.Join("; ", tools)}.";
    }

    private static IEnumerable<string> Parameters(JsonElement schema) =>
        schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(property => property.Name) : [];
}
