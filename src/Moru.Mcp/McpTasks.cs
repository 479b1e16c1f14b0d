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
internal sealed class McpTasks(TimeProvider time) : IAsyncDisposable
{
    public const string Extension = "io.modelcontextprotocol/tasks";

    // When there are more, calls wait for their end as they do without tasks.
    private const int Capacity = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);

    private readonly Dictionary<string, McpTask> tasks = [];

    /// <summary>Whether one of them is still being worked on.</summary>
    public bool AreBusy
    {
        get
        {
            lock (tasks) return tasks.Values.Any(task => task.IsBusy);
        }
    }

    /// <summary>Makes a task of a call that is not over in a moment, for clients that know tasks.</summary>
    public async ValueTask<ResultOrAlternate<CallToolResult>> CallAsync(
        RequestContext<CallToolRequestParams> request, McpRequestHandler<CallToolRequestParams, ResultOrAlternate<CallToolResult>> next, CancellationToken cancellationToken)
    {
        if (!Knows(request.JsonRpcRequest.Context?.ClientCapabilities ?? request.Server.ClientCapabilities)) return await next(request, cancellationToken);

        var call = new TaskCall(request, next);
        await using var givenUp = cancellationToken.Register(call.Stop);
        await ((Task)call.Running).WaitAsync(Patience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!call.Running.IsCompleted && !cancellationToken.IsCancellationRequested && KeepOrDefault(call) is { } task)
            return ResultOrAlternate<CallToolResult>.FromAlternate(task.Created(), TaskJson.Default.CreatedTask);
        using (call) return await call.Running;
    }

    /// <summary>The methods by which clients follow tasks.</summary>
    public IEnumerable<McpServerRequestHandler> Handlers =>
    [
        Handle("tasks/get", (task, _) => task.Describe()),
        Handle("tasks/update", (task, parameters) =>
        {
            if (parameters["inputResponses"] is JsonObject responses) task.Answer(responses);
            return Complete;
        }),
        Handle("tasks/cancel", (task, _) =>
        {
            task.Cancel();
            return Complete;
        }),
    ];

    public async ValueTask DisposeAsync() => await Task.WhenAll(tasks.Values.Select(task => task.EndAsync()));

    private static ClientCapabilities Needed => new() { Extensions = new Dictionary<string, object> { [Extension] = new JsonObject() } };

    private static JsonObject Complete => new() { ["resultType"] = "complete" };

    private static bool Knows(ClientCapabilities? client) => client?.Extensions?.ContainsKey(Extension) == true;

    private McpServerRequestHandler Handle(string method, Func<McpTask, JsonObject, JsonObject> answer) => new()
    {
        Method = method,
        RoutingNameParameter = "taskId",
        Handler = (request, _) =>
        {
            // In the older revisions what a client knows is said once, and who never said it has no task to ask for.
            if (request.Context?.ClientCapabilities is { } client && !Knows(client))
                throw new MissingRequiredClientCapabilityException(Needed, $"{method} needs a client that declares the extension {Extension}.");
            var parameters = request.Params as JsonObject ?? [];
            var id = parameters["taskId"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
            return FindOrDefault(id) is { } task
                ? ValueTask.FromResult<JsonNode?>(answer(task, parameters))
                : throw new McpProtocolException($"There is no task '{id}' in this session. Results are kept for {McpTask.Life.TotalMinutes:0} minutes.", McpErrorCode.InvalidParams);
        },
    };

    /// <returns>Null when there are too many.</returns>
    private McpTask? KeepOrDefault(TaskCall call)
    {
        lock (tasks)
        {
            Forget();
            if (tasks.Count >= Capacity) return null;
            var task = new McpTask(RandomNumberGenerator.GetHexString(32, lowercase: true), call, time);
            return tasks[task.Id] = task;
        }
    }

    private McpTask? FindOrDefault(string id)
    {
        lock (tasks)
        {
            Forget();
            return tasks.GetValueOrDefault(id);
        }
    }

    private void Forget()
    {
        foreach (var (id, old) in tasks)
            if (old.IsExpired) tasks.Remove(id);
    }
}
