using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>A kernel whose plugins are the tools.</summary>
internal static class SemanticKernelSample
{
    public static Turn[] Script => [Call("commands_run_command", ("command", "uname -s")), Say(result => $"It runs {FirstLine(result)}.")];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var moru = new MoruTools(client);
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton(model.AsBuilder().UseKernelFunctionInvocation().Build().AsChatCompletionService());
        builder.Plugins.AddMoru(moru);
        var kernel = builder.Build();

        var answer = await kernel.InvokePromptAsync(
            "Which kernel does the sandbox run?",
            new(new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() }));

        Console.WriteLine(answer);
    }
}
