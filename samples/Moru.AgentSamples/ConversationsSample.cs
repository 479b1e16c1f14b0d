using Microsoft.Extensions.AI;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>A service with a sandbox for each of its conversations.</summary>
internal static class ConversationsSample
{
    public static Turn[] Script =>
    [
        Call("write_file", ("path", "name.txt"), ("content", "Ada")), Say("Noted."),
        Call("run_command", ("command", "cat name.txt || echo a stranger")), Say(result => $"You are {FirstLine(result)}."),
        Call("run_command", ("command", "cat name.txt 2>/dev/null || echo a stranger")), Say(result => $"You are {FirstLine(result)}."),
    ];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var pool = new AgentSandboxPool(client, new() { MaxConversations = 50, Ready = 1 });
        using var agent = model.AsBuilder().UseFunctionInvocation().Build();

        foreach (var (conversation, message) in new[] { ("ada", "I am Ada."), ("ada", "Who am I?"), ("bob", "Who am I?") })
        {
            await using var moru = new MoruTools(await pool.OpenAsync(conversation));
            var answer = await agent.GetResponseAsync(message, new() { ConversationId = conversation, Instructions = moru.Instructions, Tools = [.. moru.Functions] });
            Console.WriteLine($"{conversation}: {answer.Text}");
        }
    }
}
