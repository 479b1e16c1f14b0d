using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>A call that goes on after its request was answered.</summary>
/// <param name="id">Its name, which nobody can guess.</param>
/// <param name="call">The call.</param>
/// <param name="stop">Ends the call, with all processes that it started.</param>
internal sealed class McpTask(string id, Task<ResultOrAlternate<CallToolResult>> call, CancellationTokenSource stop)
{
    /// <summary>How long it can be asked about, from its beginning. No call lasts half as long.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);
    private static readonly JsonTypeInfo<CallToolResult> ResultJson = (JsonTypeInfo<CallToolResult>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolResult));

    private readonly DateTimeOffset created = DateTimeOffset.UtcNow;
    private readonly Task<DateTimeOffset> ended = call.ContinueWith(_ => DateTimeOffset.UtcNow, TaskScheduler.Default);

    public string Id => id;

    public bool IsExpired => call.IsCompleted && DateTimeOffset.UtcNow - created > Life;

    private string Status => call switch
    {
        { IsCompleted: false } => "working",
        { IsCompletedSuccessfully: true } => "completed",
        _ => stop.IsCancellationRequested ? "cancelled" : "failed",
    };

    public CreatedTask Created() => new()
    {
        ResultType = "task",
        TaskId = id,
        Status = "working",
        CreatedAt = Time(created),
        LastUpdatedAt = Time(created),
        TtlMs = (long)Life.TotalMilliseconds,
        PollIntervalMs = (long)PollInterval.TotalMilliseconds,
    };

    /// <summary>How it stands now, with its result once there is one.</summary>
    public JsonObject Describe()
    {
        var status = Status;
        var answer = new JsonObject
        {
            ["resultType"] = "complete",
            ["taskId"] = id,
            ["status"] = status,
            ["createdAt"] = Time(created),
            ["lastUpdatedAt"] = Time(ended.IsCompleted ? ended.Result : created),
            ["ttlMs"] = (long)Life.TotalMilliseconds,
            ["pollIntervalMs"] = (long)PollInterval.TotalMilliseconds,
        };
        if (status == "completed") answer["result"] = JsonSerializer.SerializeToNode(call.Result.Result!, ResultJson);
        if (status == "failed") answer["error"] = Error(call.Exception!.InnerException!);
        return answer;
    }

    public void Cancel()
    {
        if (!call.IsCompleted) stop.Cancel();
    }

    public async Task EndAsync()
    {
        Cancel();
        await ((Task)call).WaitAsync(EndPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private static JsonObject Error(Exception error) => error is McpProtocolException known
        ? new() { ["code"] = (int)known.ErrorCode, ["message"] = known.Message }
        : new() { ["code"] = (int)McpErrorCode.InternalError, ["message"] = "The call failed. Make it again." };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Answers a call with a task in place of its result.</summary>
internal sealed class CreatedTask : Result
{
    public required string TaskId { get; init; }

    public required string Status { get; init; }

    public required string CreatedAt { get; init; }

    public required string LastUpdatedAt { get; init; }

    public required long TtlMs { get; init; }

    public required long PollIntervalMs { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CreatedTask))]
internal sealed partial class TaskJson : JsonSerializerContext;
