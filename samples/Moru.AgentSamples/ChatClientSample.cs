using Microsoft.Extensions.AI;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>Tools for any chat client of Microsoft.Extensions.AI.</summary>
internal static class ChatClientSample
{
    public static Turn[] Script =>
    [
        Call("write_file", ("path", "primes.py"), ("content", "print(sum(all(n % d for d in range(2, n)) for n in range(2, 1000)))")),
        Call("run_command", ("command", "python3 primes.py")),
        Say(result => $"There are {FirstLine(result)} primes below 1000."),
    ];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var moru = new MoruTools(client);
        using var agent = model.AsBuilder().UseFunctionInvocation().Build();

        var answer = await agent.GetResponseAsync(
            "How many primes are below 1000? Find out with a program.",
            new() { Instructions = moru.Instructions, Tools = [.. moru.Functions] });

        Console.WriteLine(answer.Text);
    }
}
