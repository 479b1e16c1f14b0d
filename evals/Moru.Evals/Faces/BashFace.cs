using System.ComponentModel;
using System.Globalization;
using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>The baseline: one tool, bash, and nothing that knows about models.</summary>
internal sealed class BashFace : IFace
{
    public string Name => "bash";

    public Task<ChatResponse> RunAsync(IChatClient model, string prompt, Sandbox sandbox, CancellationToken cancellationToken)
    {
        var bash = AIFunctionFactory.Create(
            ([Description("The command line")] string command, CancellationToken cancel) => RunAsync(sandbox, command, cancel), "bash", "Run a bash command line and return what it writes.");
        return Agent.RunAsync(model, prompt, "You have a Linux machine.", [bash], cancellationToken);
    }

    public Step.Call Translate(Step.Call call) => new("bash", new Dictionary<string, object?> { ["command"] = Command(call) });

    public string Canonical(string offered) => offered;

    public ValueTask DisposeAsync() => default;

    private static async Task<string> RunAsync(Sandbox sandbox, string command, CancellationToken cancellationToken)
    {
        try
        {
            var result = await sandbox.Commands.RunAsync(command, new() { Timeout = TimeSpan.FromMinutes(2), OutputLimit = 1 << 20 }, cancellationToken);
            return result.Stdout + result.Stderr;
        }
        catch (CommandExitException exit)
        {
            return $"{exit.Stdout}{exit.Stderr}exit code {exit.ExitCode}";
        }
        catch (SandboxException error)
        {
            return error.Message;
        }
    }

    private static string Command(Step.Call call)
    {
        return call.Tool switch
        {
            "run_command" when call.Arguments.ContainsKey("timeout_seconds") => $"timeout {Argument("timeout_seconds")} bash -c {Quoted("command")}",
            "run_command" => Argument("command"),
            "write_file" => $"mkdir -p \"$(dirname {Quoted("path")})\" && cat > {Quoted("path")} <<'END_OF_FILE'\n{Argument("content")}\nEND_OF_FILE",
            "read_file" => $"if [ -d {Quoted("path")} ]; then ls -la {Quoted("path")}; else cat {Quoted("path")}; fi",
            var other => $"echo 'There is no {other} in bash.'",
        };

        string Argument(string name) => call.Arguments.TryGetValue(name, out var value) ? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" : "";
        string Quoted(string name) => $"'{Argument(name).Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
