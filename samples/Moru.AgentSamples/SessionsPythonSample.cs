using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Moru.Agents;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.AgentSamples;

/// <summary>The plugin that takes the place of Azure's dynamic sessions.</summary>
internal static class SessionsPythonSample
{
    public static Turn[] Script =>
    [
        Call("python_ExecuteCode", ("code", "import statistics\nstatistics.median([3, 1, 4, 1, 5])")),
        Say(result => result.Contains("\"executionResult\":\"3\"", StringComparison.Ordinal) ? "The median is 3." : result),
    ];

    public static async Task RunAsync(MoruClient client, IChatClient model)
    {
        await using var sandbox = new AgentSandbox(client);
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton(model.AsBuilder().UseKernelFunctionInvocation().Build().AsChatCompletionService());
        builder.Plugins.AddFromObject(new SessionsPythonPlugin(new SessionsPythonSettings(), sandbox), "python");
        var kernel = builder.Build();

        var answer = await kernel.InvokePromptAsync(
            "What is the median of 3, 1, 4, 1 and 5?",
            new(new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() }));

        Console.WriteLine(answer);
    }
}
