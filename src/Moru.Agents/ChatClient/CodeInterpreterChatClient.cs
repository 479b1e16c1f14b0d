using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>
/// Puts a function in the place of the hosted tool on the way to the model, and the standard contents in the place of the function's on the way
/// back. Histories that hold those contents are understood again.
/// </summary>
internal sealed class CodeInterpreterChatClient : DelegatingChatClient
{
    private readonly Func<string?, Task<AgentSandbox>> sandboxOf;
    private readonly AgentSandbox? owned;

    public CodeInterpreterChatClient(IChatClient inner, Func<string?, Task<AgentSandbox>> sandboxOf, AgentSandbox? owned)
        : base(inner.GetService<FunctionInvokingChatClient>() is null ? new FunctionInvokingChatClient(inner) : inner) =>
        (this.sandboxOf, this.owned) = (sandboxOf, owned);

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (own, request) = await PrepareAsync(options, cancellationToken);
        var response = await base.GetResponseAsync(CodeInterpreterContents.ToFunctions(messages), request, cancellationToken);
        foreach (var message in response.Messages) message.Contents = own.ToStandard(message.Contents);
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var (own, request) = await PrepareAsync(options, cancellationToken);
        await foreach (var update in base.GetStreamingResponseAsync(CodeInterpreterContents.ToFunctions(messages), request, cancellationToken))
        {
            update.Contents = own.ToStandard(update.Contents);
            yield return update;
        }
    }

    protected override void Dispose(bool disposing)
    {
        // Chat clients are disposed synchronously, and the sandbox must not outlive this one.
        if (disposing && owned is not null) Task.Run(async () => await owned.DisposeAsync()).GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    private async Task<(CodeInterpreterContents Contents, ChatOptions? Request)> PrepareAsync(ChatOptions? options, CancellationToken cancellationToken)
    {
        var contents = new CodeInterpreterContents();
        var hosted = options?.Tools?.OfType<HostedCodeInterpreterTool>().ToList() ?? [];
        if (hosted.Count == 0) return (contents, options);

        var sandbox = await sandboxOf(options!.ConversationId);
        var run = new CodeInterpreterRun(sandbox, contents);
        await run.UploadAsync(hosted.SelectMany(tool => tool.Inputs ?? []), cancellationToken);
        var request = options.Clone();
        request.Tools = [.. options.Tools!.Where(tool => tool is not HostedCodeInterpreterTool), run.Function];
        return (contents, request);
    }
}
