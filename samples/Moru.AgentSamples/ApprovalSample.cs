using Microsoft.Extensions.AI;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>An agent that stops at a destructive call and goes on with the user's answer.</summary>
internal static class ApprovalSample
{
    public static Turn[] Script => [Call("run_command", ("command", "echo working")), Call("kill_sandbox"), Say(result => result)];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var moru = new MoruTools(client);
        using var agent = model.AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [.. moru.Functions] };
        List<ChatMessage> conversation = [new(ChatRole.User, "Do some work, then end the sandbox.")];

        while (true)
        {
            var answer = await agent.GetResponseAsync(conversation, options);
            conversation.AddRange(answer.Messages);
            var questions = answer.Messages.SelectMany(message => message.Contents).OfType<ToolApprovalRequestContent>().ToList();
            if (questions.Count == 0)
            {
                Console.WriteLine(answer.Text);
                return;
            }

            foreach (var question in questions) Console.WriteLine($"The agent wants to call {((FunctionCallContent)question.ToolCall).Name}: allowed.");
            conversation.Add(new(ChatRole.User, [.. questions.Select(question => question.CreateResponse(approved: true))]));
        }
    }
}
