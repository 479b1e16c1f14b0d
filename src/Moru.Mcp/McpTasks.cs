using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// Calls that take long, as tasks (the extension <c>io.modelcontextprotocol/tasks</c>, SEP-2663): a client that knows them is given one after
/// a moment instead of waiting on a connection that may break, and asks for the result when it likes. They belong to the session that began them.
/// </summary>
internal sealed class McpTasks : IAsyncDisposable
{
    public const string Extension = "io.modelcontextprotocol/tasks";

    // When there are more, calls wait for their end as they do without tasks.
    private const int Capacity = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly ConcurrentDictionary<string, McpTask> tasks = [];

    /// <summary>Makes a task of a call that is not over in a moment, for clients that know tasks.</summary>
    public async ValueTask<ResultOrAlternate<CallToolResult>> CallAsync(
        RequestContext<CallToolRequestParams> request, McpRequestHandler<CallToolRequestParams, ResultOrAlternate<CallToolResult>> next, CancellationToken cancellationToken)
    {
        if (!Knows(request.JsonRpcRequest.Context?.ClientCapabilities ?? request.Server.ClientCapabilities) || !HasRoom()) return await next(request, cancellationToken);

        var stop = new CancellationTokenSource();
        await using var givenUp = cancellationToken.Register(stop.Cancel);
        var call = Task.Run(() => next(request, stop.Token).AsTask(), CancellationToken.None);
        await ((Task)call).WaitAsync(Patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (call.IsCompleted || cancellationToken.IsCancellationRequested)
        {
            using (stop) return await call;
        }

        var task = new McpTask(RandomNumberGenerator.GetHexString(32, lowercase: true), call, stop);
        tasks[task.Id] = task;
        return ResultOrAlternate<CallToolResult>.FromAlternate(task.Created(), TaskJson.Default.CreatedTask);
    }

    /// <summary>The methods by which clients follow tasks.</summary>
    public IEnumerable<McpServerRequestHandler> Handlers =>
    [
        Handle("tasks/get", task => task.Describe()),
        Handle("tasks/update", task => Complete), // none of them asks for input once it is a task
        Handle("tasks/cancel", task =>
        {
            task.Cancel();
            return Complete;
        }),
    ];

    public async ValueTask DisposeAsync() => await Task.WhenAll(tasks.Values.Select(task => task.EndAsync()));

    private static JsonObject Complete => new() { ["resultType"] = "complete" };

    private static bool Knows(ClientCapabilities? client) => client?.Extensions?.ContainsKey(Extension) == true;

    private McpServerRequestHandler Handle(string method, Func<McpTask, JsonObject> answer) => new()
    {
        Method = method,
        Handler = (request, _) =>
        {
            // In the older revisions what a client knows is said once, and who never said it has no task to ask for.
            if (request.Context?.ClientCapabilities is { } client && !Knows(client))
                throw new McpProtocolException($"{method} needs a client that declares the extension {Extension}.", McpErrorCode.MissingRequiredClientCapability);
            var id = (request.Params as JsonObject)?["taskId"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
            return tasks.TryGetValue(id, out var task)
                ? ValueTask.FromResult<JsonNode?>(answer(task))
                : throw new McpProtocolException($"There is no task '{id}' in this session. Results are kept for {McpTask.Life.TotalMinutes:0} minutes.", McpErrorCode.InvalidParams);
        },
    };

    private bool HasRoom()
    {
        foreach (var (id, task) in tasks)
            if (task.IsExpired) tasks.TryRemove(id, out _);
        return tasks.Count < Capacity;
    }
}
