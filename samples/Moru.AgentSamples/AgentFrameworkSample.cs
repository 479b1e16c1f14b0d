using Microsoft.Extensions.AI;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>An agent of the Agent Framework, one script of which calls another of its tools five times.</summary>
internal static class AgentFrameworkSample
{
    public static Turn[] Script =>
    [
        Call("execute_code", ("code", "print(max(range(1, 6), key=lambda city: call_tool('temperature', city=city)))")),
        Say(result => $"City {result} is the warmest."),
    ];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var pool = new AgentSandboxPool(client);
        var temperature = AIFunctionFactory.Create((int city) => city * 7 % 10, "temperature");
        var agent = new SmallAgent(model, [temperature], new MoruContextProvider(pool));

        var answer = await agent.RunAsync("Which of the cities 1 to 5 is the warmest?", await agent.CreateSessionAsync());

        Console.WriteLine(answer.Text);
    }
}
