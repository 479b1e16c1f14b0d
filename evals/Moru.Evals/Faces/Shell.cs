using System.Globalization;

namespace Moru.Evals;

/// <summary>What the faces do that have no tools of ours.</summary>
internal static class Shell
{
    /// <summary>Runs a command line and returns all that it writes.</summary>
    public static async Task<string> RunAsync(Sandbox sandbox, string command, CancellationToken cancellationToken)
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

    /// <summary>A call of our tools as a command line.</summary>
    public static string CommandOf(Step.Call call)
    {
        return call.Tool switch
        {
            "run_command" when call.Arguments.ContainsKey("timeout_seconds") => $"timeout {Argument("timeout_seconds")} bash -c {Quoted("command")}",
            "run_command" => Argument("command"),
            "run_code" => $"{(Argument("language") == "javascript" ? "node" : "python3")} - <<'END_OF_CODE'\n{Argument("code")}\nEND_OF_CODE",
            "write_file" => $"mkdir -p \"$(dirname {Quoted("path")})\" && cat > {Quoted("path")} <<'END_OF_FILE'\n{Argument("content")}\nEND_OF_FILE",
            "read_file" => $"if [ -d {Quoted("path")} ]; then ls -la {Quoted("path")}; else cat {Quoted("path")}; fi",
            var other => $"echo 'There is no {other} in bash.'",
        };

        string Argument(string name) => call.Arguments.TryGetValue(name, out var value) ? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" : "";
        string Quoted(string name) => $"'{Argument(name).Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
