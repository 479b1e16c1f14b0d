using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>A call that is made apart from its request, and again when the client has answered what it asked.</summary>
internal sealed class TaskCall : IDisposable
{
    private readonly RequestContext<CallToolRequestParams> request;
    private readonly McpRequestHandler<CallToolRequestParams, ResultOrAlternate<CallToolResult>> next;
    private readonly CancellationTokenSource stop = new();

    /// <summary>Begins the call.</summary>
    public TaskCall(RequestContext<CallToolRequestParams> request, McpRequestHandler<CallToolRequestParams, ResultOrAlternate<CallToolResult>> next)
    {
        (this.request, this.next) = (request, next);
        Running = RunAsync();
    }

    public Task<ResultOrAlternate<CallToolResult>> Running { get; private set; }

    public bool IsStopped => stop.IsCancellationRequested;

    /// <summary>Makes it once more, which the one before must have ended for.</summary>
    /// <param name="answers">What the client was asked for.</param>
    /// <param name="state">What the call gave away with the question, to find its way again.</param>
    public void Repeat(IDictionary<string, InputResponse> answers, string? state)
    {
        (request.Params!.InputResponses, request.Params.RequestState) = (answers, state);
        Running = RunAsync();
    }

    /// <summary>Ends it, with all processes that it started.</summary>
    public void Stop() => stop.Cancel();

    public void Dispose() => stop.Dispose();

    private Task<ResultOrAlternate<CallToolResult>> RunAsync() => Task.Run(() => next(request, stop.Token).AsTask(), CancellationToken.None);
}
