using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>What a script costs through the tools of another server, as far as their shape decides it.</summary>
internal sealed class RivalFace(Rival rival) : IFace
{
    private const string Id = "sandbox";

    public string Name => rival.Name;

    public (int Tools, long Tokens)? List => (rival.Tools, rival.ListTokens);

    public IEnumerable<Move> Opening => [Moves.Call(rival.Create)];

    // How another server meets an attack is no matter of its tools' shape.
    public bool CanDo(EvalTask task) => !task.ToolsOnly && task.Category != "hostile";

    public Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken)
    {
        var created = rival.Json ? Result(new { id = sandbox.SandboxId }) : sandbox.SandboxId;
        List<AITool> tools = [new Shape(rival.Create, (_, _) => Task.FromResult(created)), Acting(rival.Run, "run_command")];
        if (rival.Read is { } read) tools.Add(Acting(read, "read_file"));
        if (rival.Write is { } write) tools.Add(Acting(write, "write_file"));
        return Agent.RunAsync(model, task.Prompt, "You have Linux sandboxes.", tools, cancellationToken);

        Shape Acting(string name, string ours) =>
            new(name, async (arguments, cancel) => Output(await Shell.RunAsync(sandbox, Shell.CommandOf(new(ours, arguments.AsReadOnly())), cancel)));
    }

    public Step.Call Translate(Step.Call call)
    {
        if (call.Tool == rival.Create) return call;
        var direct = call.Tool switch
        {
            "read_file" => rival.Read,
            "write_file" => rival.Write,
            _ => null,
        };
        var (tool, arguments) = direct is null ? (rival.Run, new Dictionary<string, object?> { ["command"] = Shell.CommandOf(call) }) : (direct, call.Arguments.ToDictionary());
        arguments[Id] = "sandbox-1";
        return new(tool, arguments);
    }

    public string Plain(string result)
    {
        if (!rival.Json || result.Length == 0) return result;
        using var json = JsonDocument.Parse(result);
        return json.RootElement.GetProperty("data").TryGetProperty("output", out var output) ? output.GetString()! : "";
    }

    public string Canonical(string offered) => offered;

    public ValueTask DisposeAsync() => default;

    private string Output(string text) => rival.Json ? Result(new { output = text }) : text;

    private static string Result(object data) => JsonSerializer.Serialize(new { ok = true, data });

    private sealed class Shape(string name, Func<AIFunctionArguments, CancellationToken, Task<string>> act) : AIFunction
    {
        public override string Name => name;

        protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) =>
            await act(arguments, cancellationToken);
    }
}
