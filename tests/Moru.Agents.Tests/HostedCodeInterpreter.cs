using System.Text;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

/// <summary>The standard code interpreter tool, served by a sandbox.</summary>
public sealed class HostedCodeInterpreter(ServerFixture fixture) : AgentTest(fixture)
{
    private static ChatOptions Interpreter(params AIContent[] inputs) => new() { Tools = [new HostedCodeInterpreterTool { Inputs = inputs }] };

    [Theory]
    [InlineData("alone")]
    [InlineData("inside")]
    [InlineData("outside")]
    public async Task It_works_wherever_functions_are_invoked(string order)
    {
        var model = new ScriptedModel(Call("code_interpreter", ("code", "6 * 7")), Say(result => $"The answer is {result}"));
        var builder = model.AsBuilder();
        if (order == "inside") builder.UseFunctionInvocation();
        builder.UseMoruCodeInterpreter(Client);
        if (order == "outside") builder.UseFunctionInvocation();
        using var chat = builder.Build();

        var answer = await chat.GetResponseAsync("What is it?", Interpreter(), Cancelled);

        Assert.Equal("The answer is [value] 42", answer.Text);
    }

    [Fact]
    public async Task Calls_and_results_are_the_standard_ones_with_inputs_and_generated_files()
    {
        var model = new ScriptedModel(
            Call("code_interpreter", ("code", "text = open('/mnt/data/in.txt').read()\nopen('/mnt/data/out.csv', 'w').write(text.upper())\nprint(len(text))")),
            Say("done"));
        using var chat = model.AsBuilder().UseMoruCodeInterpreter(Client).Build();

        var answer = await chat.GetResponseAsync("Convert.", Interpreter(new DataContent("a,b\n"u8.ToArray(), "text/plain") { Name = "in.txt" }), Cancelled);

        var contents = answer.Messages.SelectMany(message => message.Contents).ToList();
        var call = Assert.Single(contents.OfType<CodeInterpreterToolCallContent>());
        Assert.StartsWith("text = open(", Encoding.UTF8.GetString(Assert.IsType<DataContent>(Assert.Single(call.Inputs!)).Data.Span), StringComparison.Ordinal);
        var result = Assert.Single(contents.OfType<CodeInterpreterToolResultContent>());
        Assert.Equal("4\n[file /mnt/data/out.csv, 4 bytes]", Assert.IsType<TextContent>(result.Outputs![0]).Text);
        var file = Assert.IsType<DataContent>(result.Outputs[1]);
        Assert.Equal(("out.csv", "text/csv", "A,B\n"), (file.Name, file.MediaType, Encoding.UTF8.GetString(file.Data.Span)));
        Assert.DoesNotContain(contents, content => content is FunctionCallContent or FunctionResultContent);
    }

    [Fact]
    public async Task A_conversation_goes_on_with_its_history_and_variables()
    {
        var model = new ScriptedModel(
            Call("code_interpreter", ("code", "n = 20")), Say("noted"),
            Call("code_interpreter", ("code", "n + 1")), Say(result => result));
        using var chat = model.AsBuilder().UseMoruCodeInterpreter(Client).Build();
        var history = new List<ChatMessage> { new(ChatRole.User, "Remember 20.") };
        history.AddRange((await chat.GetResponseAsync(history, Interpreter(), Cancelled)).Messages);
        history.Add(new(ChatRole.User, "And one more?"));

        var answer = await chat.GetResponseAsync(history, Interpreter(), Cancelled);

        Assert.Equal("[value] 21", answer.Text);
        var seen = model.Requests[2].Messages.SelectMany(message => message.Contents).ToList();
        Assert.Equal("n = 20", Assert.Single(seen.OfType<FunctionCallContent>()).Arguments!["code"]);
        Assert.Equal("[no output]", Assert.Single(seen.OfType<FunctionResultContent>()).Result);
    }

    [Fact]
    public async Task It_streams()
    {
        var model = new ScriptedModel(Call("code_interpreter", ("code", "print('hi')")), Say("It said hi, in several pieces."));
        using var chat = model.AsBuilder().UseMoruCodeInterpreter(Client).Build();

        var answer = await chat.GetStreamingResponseAsync("Go.", Interpreter(), Cancelled).ToChatResponseAsync(Cancelled);

        Assert.Equal("It said hi, in several pieces.", answer.Text);
        var result = Assert.Single(answer.Messages.SelectMany(message => message.Contents).OfType<CodeInterpreterToolResultContent>());
        Assert.Equal("hi", Assert.IsType<TextContent>(Assert.Single(result.Outputs!)).Text);
    }

    [Fact]
    public async Task Its_sandbox_ends_with_the_chat_client()
    {
        var model = new ScriptedModel(Call("code_interpreter", ("code", "import os\nos.environ['MORU_SANDBOX_ID']")), Say(result => result));
        string id;
        using (var chat = model.AsBuilder().UseMoruCodeInterpreter(Client).Build())
        {
            id = (await chat.GetResponseAsync("Which?", Interpreter(), Cancelled)).Text.Split('\'')[1];
            Assert.True(await IsRunningAsync(id));
        }

        Assert.False(await IsRunningAsync(id));
    }

    [Fact]
    public async Task Conversations_of_one_client_are_apart()
    {
        var model = new ScriptedModel(
            Call("code_interpreter", ("code", "secret = 1")), Say("ok"), Call("code_interpreter", ("code", "secret")), Say(result => result));
        await using var pool = new AgentSandboxPool(Client);
        using var chat = model.AsBuilder().UseMoruCodeInterpreter(pool).Build();
        var (one, two) = (Interpreter(), Interpreter());
        (one.ConversationId, two.ConversationId) = ("one", "two");

        await chat.GetResponseAsync("Keep it.", one, Cancelled);
        var answer = await chat.GetResponseAsync("Tell it.", two, Cancelled);

        Assert.Contains("NameError", answer.Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => chat.GetResponseAsync("Whose?", Interpreter(), Cancelled));
    }

    [Fact]
    public async Task Without_the_tool_nothing_is_started()
    {
        var model = new ScriptedModel(Say("plain"));
        using var chat = model.AsBuilder().UseMoruCodeInterpreter(Client).Build();

        Assert.Equal("plain", (await chat.GetResponseAsync("Hello.", cancellationToken: Cancelled)).Text);
        Assert.Null(model.Requests[0].Options?.Tools);
    }
}
