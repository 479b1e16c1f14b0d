using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Moru.Agents;

namespace Moru.Evals;

/// <summary>The plugins of Semantic Kernel.</summary>
internal sealed class KernelFace : IFace
{
    private readonly MoruClient client;
    private readonly MoruTools all;
    private readonly Dictionary<string, string> plugins;

    public KernelFace(MoruClient client)
    {
        this.client = client;
        all = new MoruTools(client, new() { Toolsets = Tools.Toolsets.All, AllSandboxes = true });
        var kernel = new Kernel();
        kernel.Plugins.AddMoru(all);
        plugins = kernel.Plugins.SelectMany(plugin => plugin).ToDictionary(function => function.Name, function => function.PluginName!);
    }

    public string Name => "sk";

    public async Task<ChatResponse> RunAsync(IChatClient model, EvalTask task, Sandbox sandbox, CancellationToken cancellationToken)
    {
        await using var moru = new MoruTools(AgentSandbox.Bind(client, sandbox), ChatFace.Options(task));
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton(model.AsBuilder().UseKernelFunctionInvocation().Build().AsChatCompletionService());
        builder.Plugins.AddMoru(moru);
        var kernel = builder.Build();
        var history = new ChatHistory(moru.Instructions);
        history.AddUserMessage(task.Prompt);
        var settings = new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
        var answer = await kernel.GetRequiredService<IChatCompletionService>().GetChatMessageContentAsync(history, settings, kernel, cancellationToken);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer.Content));
    }

    public Step.Call Translate(Step.Call call) => plugins.TryGetValue(call.Tool, out var plugin) ? call with { Tool = $"{plugin}_{call.Tool}" } : call;

    public string Canonical(string offered) => plugins.FirstOrDefault(pair => $"{pair.Value}_{pair.Key}" == offered).Key ?? offered;

    public ValueTask DisposeAsync() => all.DisposeAsync();
}
