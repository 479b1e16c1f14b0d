using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

/// <summary>What tests of agents share: the server, and models that follow a script.</summary>
public abstract class AgentTest(ServerFixture fixture)
{
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected MoruClient Client => fixture.Client;

    protected MoruTools Tools(MoruToolsOptions? options = null) => new(Client, options);

    protected static Turn Run(string command, int timeoutSeconds = 60) => Call("run_command", ("command", command), ("timeout_seconds", timeoutSeconds));

    /// <summary>A chat client that calls functions, as applications build it.</summary>
    protected static IChatClient Agent(ScriptedModel model) => model.AsBuilder().UseFunctionInvocation().Build();

    protected static ValueTask<object?> InvokeAsync(AIFunction function, params (string Name, object? Value)[] arguments) =>
        function.InvokeAsync(new AIFunctionArguments(arguments.ToDictionary(pair => pair.Name, pair => pair.Value)), Cancelled);

    /// <summary>Runs a program of samples/Moru.AgentSamples.</summary>
    /// <returns>What it printed.</returns>
    protected Task<string> RunSampleAsync(string name, params (string Name, string Value)[] environment)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Path.Combine(Artifacts.Root, $"samples/Moru.AgentSamples/bin/{configuration}/net10.0/Moru.AgentSamples");
        return Shell.RunAsync(default, [("MORU_API_URL", "unix:" + fixture.Server.SocketPath), ("MORU_API_KEY", fixture.Server.ApiKey), .. environment], program, name);
    }

    protected async Task<bool> IsRunningAsync(string? sandboxId)
    {
        await foreach (var sandbox in Client.ListSandboxesAsync(cancellationToken: Cancelled))
            if (sandbox.SandboxId == sandboxId) return true;
        return false;
    }
}
