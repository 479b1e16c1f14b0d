using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

public sealed class SemanticKernelPlugins(ServerFixture fixture) : AgentTest(fixture)
{
    private static readonly PromptExecutionSettings Auto = new() { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };

    [Fact]
    public async Task The_plugins_are_what_review_has_seen()
    {
        await using var moru = Tools(new() { AllSandboxes = true });
        var kernel = new Kernel();
        kernel.Plugins.AddMoru(moru);

        Snapshot.Matches(string.Join('\n', kernel.Plugins.SelectMany(plugin => plugin.Select(function =>
            $"{plugin.Name}-{function.Name}({string.Join(", ", function.Metadata.Parameters.Select(parameter => parameter.Name))})"))), "Plugins");
    }

    [Fact]
    public async Task A_kernel_calls_the_functions_by_itself()
    {
        var model = new ScriptedModel(
            Call("files_write_file", ("path", "x.txt"), ("content", "42")), Call("commands_run_command", ("command", "cat x.txt")), Say(result => $"It says {result}"));
        await using var moru = Tools();
        var kernel = Kernel(model);
        kernel.Plugins.AddMoru(moru);

        var answer = await kernel.InvokePromptAsync("Write and read.", new(Auto), cancellationToken: Cancelled);

        Assert.Equal("It says <untrusted>\n42\n</untrusted>\n[exit code 0]", answer.ToString());
    }

    [Fact]
    public async Task It_does_so_while_it_streams()
    {
        var model = new ScriptedModel(Call("commands_run_command", ("command", "echo streamed")), Say(result => $"Said: {result}"));
        await using var moru = Tools();
        var kernel = Kernel(model);
        kernel.Plugins.AddMoru(moru);
        var pieces = new List<string>();

        await foreach (var piece in kernel.GetRequiredService<IChatCompletionService>()
            .GetStreamingChatMessageContentsAsync(new ChatHistory("Say it."), Auto, kernel, Cancelled)) pieces.Add(piece.Content ?? "");

        Assert.Equal("Said: <untrusted>\nstreamed\n</untrusted>\n[exit code 0]", string.Concat(pieces));
        Assert.True(pieces.Count > 2);
    }

    [Fact]
    public async Task Filters_see_each_call_and_may_change_it()
    {
        var model = new ScriptedModel(Call("commands_run_command", ("command", "echo original")), Say(result => result));
        await using var moru = Tools();
        var kernel = Kernel(model);
        kernel.Plugins.AddMoru(moru);
        var filter = new Rewrite();
        kernel.FunctionInvocationFilters.Add(filter);
        kernel.AutoFunctionInvocationFilters.Add(filter);

        var answer = await kernel.InvokePromptAsync("Go.", new(Auto), cancellationToken: Cancelled);

        Assert.Contains("rewritten\n", answer.ToString(), StringComparison.Ordinal);
        Assert.Equal(["auto commands.run_command", "commands.run_command"], filter.Seen);
    }

    [Theory]
    [InlineData(null, "nobody can be asked here")]
    [InlineData(false, "the user did not approve")]
    [InlineData(true, "Killed sandbox")]
    public async Task A_destructive_function_asks_the_application(bool? approved, string answer)
    {
        ToolCallRequest? asked = null;
        await using var moru = Tools(new()
        {
            Approve = approved is not { } decision ? null : (request, _) =>
            {
                asked = request;
                return new(decision);
            },
        });
        var kernel = new Kernel();
        kernel.Plugins.AddMoru(moru);
        await moru.Sandbox.GetAsync(cancellationToken: Cancelled);

        var result = await kernel.InvokeAsync("sandbox", "kill_sandbox", cancellationToken: Cancelled);

        Assert.Contains(answer, result.ToString(), StringComparison.Ordinal);
        Assert.Equal(approved is null ? null : "kill_sandbox", asked?.Tool);
    }

    [Fact]
    public async Task Every_scope_of_a_container_has_a_sandbox_that_ends_with_it()
    {
        var services = new ServiceCollection().AddSingleton(Client).AddMoru();
        services.AddKernel();
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        string? id;
        await using (var scope = provider.CreateAsyncScope())
        {
            var kernel = scope.ServiceProvider.GetRequiredService<Kernel>();
            await kernel.InvokeAsync("commands", "run_command", new() { ["command"] = "true" }, Cancelled);
            id = scope.ServiceProvider.GetRequiredService<AgentSandbox>().SandboxId;
            Assert.True(await IsRunningAsync(id));
        }

        Assert.False(await IsRunningAsync(id));
    }

    [Fact]
    public async Task A_kernel_builder_takes_the_tools_too()
    {
        await using var moru = Tools();
        var builder = Microsoft.SemanticKernel.Kernel.CreateBuilder();
        builder.Plugins.AddMoru(moru);

        var result = await builder.Build().InvokeAsync("commands", "run_command", new() { ["command"] = "echo built" }, Cancelled);

        Assert.Contains("built\n", result.ToString(), StringComparison.Ordinal);
    }

    private static Kernel Kernel(ScriptedModel model)
    {
        var builder = Microsoft.SemanticKernel.Kernel.CreateBuilder();
        builder.Services.AddSingleton(model.AsBuilder().UseKernelFunctionInvocation().Build().AsChatCompletionService());
        return builder.Build();
    }

    private sealed class Rewrite : IFunctionInvocationFilter, IAutoFunctionInvocationFilter
    {
        public List<string> Seen { get; } = [];

        public async Task OnFunctionInvocationAsync(Microsoft.SemanticKernel.FunctionInvocationContext context, Func<Microsoft.SemanticKernel.FunctionInvocationContext, Task> next)
        {
            if (context.Function.PluginName is "commands")
            {
                Seen.Add($"{context.Function.PluginName}.{context.Function.Name}");
                context.Arguments["command"] = "echo rewritten";
            }

            await next(context);
        }

        public Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
        {
            Seen.Add($"auto {context.Function.PluginName}.{context.Function.Name}");
            return next(context);
        }
    }
}
