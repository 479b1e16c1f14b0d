using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

public sealed class Approvals(ServerFixture fixture) : AgentTest(fixture)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_agent_stops_at_a_destructive_call_and_goes_on_with_the_answer(bool approved)
    {
        var model = new ScriptedModel(Run("true"), Call("kill_sandbox"), Say(result => result));
        await using var moru = Tools();
        var agent = Agent(model);
        var options = new ChatOptions { Tools = [.. moru.Functions] };
        var conversation = new List<ChatMessage> { new(ChatRole.User, "Clean up.") };

        var stopped = await agent.GetResponseAsync(conversation, options, Cancelled);
        var asked = Assert.Single(stopped.Messages.SelectMany(message => message.Contents).OfType<ToolApprovalRequestContent>());
        var killed = moru.Sandbox.SandboxId!;
        Assert.True(await IsRunningAsync(killed));

        conversation.AddRange(stopped.Messages);
        conversation.Add(new(ChatRole.User, [asked.CreateResponse(approved)]));
        var answer = await agent.GetResponseAsync(conversation, options, Cancelled);

        Assert.Equal(!approved, await IsRunningAsync(killed));
        Assert.Contains(approved ? $"Killed sandbox {killed}" : "rejected", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Which_tools_need_approval_is_the_applications_choice()
    {
        await using var moru = Tools(new() { NeedsApproval = tool => tool.Name == "run_command" });

        Assert.Equal(["run_command"], moru.Functions.OfType<ApprovalRequiredAIFunction>().Select(tool => tool.Name));
    }
}
