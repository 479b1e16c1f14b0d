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
        AITool[] tools =
        [
            new Shape(rival.Create, (_, _) => Task.FromResult(rival.Json ? Result(new { id = sandbox.SandboxId }) : sandbox.SandboxId)),
            new Shape(rival.Run, async (arguments, cancel) => Output(await Shell.RunAsync(sandbox, Text(arguments, "command"), cancel))),
            new Shape(rival.Read ?? "", async (arguments, cancel) => Output(await Shell.RunAsync(sandbox, Shell.CommandOf(new("read_file", arguments.AsReadOnly())), cancel))),
            new Shape(rival.Write ?? "", async (arguments, cancel) => Output(await Shell.RunAsync(sandbox, Shell.CommandOf(new("write_file", arguments.AsReadOnly())), cancel))),
        ];
        return Agent.RunAsync(model, task.Prompt, "You have Linux sandboxes.", tools.Where(tool => tool.Name.Length > 0), cancellationToken);
    }

    public Step.Call Translate(Step.Call call)
    {
        var direct = call.Tool switch
        {
            "read_file" => rival.Read,
            "write_file" => rival.Write,
            _ => null,
        };
        var arguments = new Dictionary<string, object?> { [Id] = "sandbox-1" };
        if (call.Tool == rival.Create) return call;
        if (direct is null) arguments["command"] = Shell.CommandOf(call);
        else foreach (var (name, value) in call.Arguments) arguments[name] = value;
        return new(direct ?? rival.Run, arguments);
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

    private static string Text(AIFunctionArguments arguments, string name) => arguments[name]?.ToString() ?? "";

    private sealed class Shape(string name, Func<AIFunctionArguments, CancellationToken, Task<string>> act) : AIFunction
    {
        public override string Name => name;

        protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) => await act(arguments, cancellationToken);
    }
}
