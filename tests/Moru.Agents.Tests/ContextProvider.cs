using Microsoft.Agents.AI;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

/// <summary>An agent of the Agent Framework with a sandbox.</summary>
public sealed class ContextProvider(ServerFixture fixture) : AgentTest(fixture), IAsyncLifetime
{
    private AgentSandboxPool pool = null!;

    public ValueTask InitializeAsync()
    {
        pool = new AgentSandboxPool(Client);
        return default;
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    [Fact]
    public async Task An_agent_gets_tools_and_instructions()
    {
        var model = new ScriptedModel(Run("echo from the sandbox"), Say(result => result));
        var agent = new SmallAgent(model, [], new MoruContextProvider(pool));

        var answer = await agent.RunAsync("Go.", cancellationToken: Cancelled);

        Assert.Contains("from the sandbox\n", answer.Text, StringComparison.Ordinal);
        var options = model.Requests[0].Options!;
        Assert.Contains("You have a Linux sandbox of your own", options.Instructions, StringComparison.Ordinal);
        Assert.Contains(options.Tools!, tool => tool.Name == "execute_code");
    }

    [Fact]
    public async Task One_script_calls_the_agents_other_tools()
    {
        var rates = AIFunctionFactory.Create((string currency) => currency == "EUR" ? 2.0 : 3.0, "exchange_rate");
        var model = new ScriptedModel(
            Call("execute_code", ("code", "print(sum(call_tool('exchange_rate', currency=c) for c in ['EUR', 'USD', 'GBP']))")), Say(result => result));
        var agent = new SmallAgent(model, [rates], new MoruContextProvider(pool));

        var answer = await agent.RunAsync("Sum the rates.", cancellationToken: Cancelled);

        Assert.Equal("8", answer.Text);
        Assert.Equal(2, model.Requests.Count);
        Assert.Contains("exchange_rate(currency)", model.Requests[0].Options!.Tools!.Single(tool => tool.Name == "execute_code").Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_cannot_call_what_needs_approval_behind_the_users_back()
    {
        var called = false;
        var pay = new ApprovalRequiredAIFunction(AIFunctionFactory.Create(() => called = true, "pay"));
        var model = new ScriptedModel(Call("execute_code", ("code", "print(call_tool('pay'))\nprint(call_tool('kill_sandbox'))")), Say(result => result));
        var agent = new SmallAgent(model, [pay], new MoruContextProvider(pool));

        var answer = await agent.RunAsync("Pay.", cancellationToken: Cancelled);

        Assert.Contains("Error: pay needs a person's approval", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Error: kill_sandbox needs a person's approval", answer.Text, StringComparison.Ordinal);
        Assert.False(called);
    }

    [Fact]
    public async Task Each_session_has_its_own_sandbox_also_after_it_was_stored()
    {
        var provider = new MoruContextProvider(pool);
        var model = new ScriptedModel(Run("echo mine > note"), Say("ok"), Run("cat note"), Say(result => result), Run("cat note"), Say(result => result));
        var agent = new SmallAgent(model, [], provider);
        var session = await agent.CreateSessionAsync(Cancelled);
        await agent.RunAsync("Note it.", session, cancellationToken: Cancelled);

        var restored = await agent.DeserializeSessionAsync(await agent.SerializeSessionAsync(session, cancellationToken: Cancelled), cancellationToken: Cancelled);
        var same = await agent.RunAsync("Read it.", restored, cancellationToken: Cancelled);
        var other = await agent.RunAsync("Read it.", await agent.CreateSessionAsync(Cancelled), cancellationToken: Cancelled);

        Assert.Contains("mine\n", same.Text, StringComparison.Ordinal);
        Assert.Contains("No such file", other.Text, StringComparison.Ordinal);
        var ended = (await provider.SandboxOfAsync(session)).SandboxId;
        Assert.True(await provider.EndAsync(session));
        Assert.False(await IsRunningAsync(ended));
    }
}
