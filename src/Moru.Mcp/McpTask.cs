using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>A call that goes on after its request was answered.</summary>
internal sealed class McpTask
{
    /// <summary>How long it can be asked about, from its beginning. No call lasts half as long.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);
    private static readonly JsonTypeInfo<CallToolResult> ResultJson = TypeInfo<CallToolResult>();
    private static readonly JsonTypeInfo<InputRequest> RequestJson = TypeInfo<InputRequest>();
    private static readonly JsonTypeInfo<InputResponse> ResponseJson = TypeInfo<InputResponse>();

    private readonly Lock guard = new();
    private readonly TaskCall call;
    private readonly TimeProvider time;
    private readonly DateTimeOffset created;
    private readonly Dictionary<string, InputResponse> answers = [];
    private DateTimeOffset begun;
    private Task<ResultOrAlternate<CallToolResult>> running = null!;
    private Task<DateTimeOffset> ended = null!;

    /// <param name="id">Its name, which nobody can guess.</param>
    /// <param name="call">The call, which has begun.</param>
    /// <param name="time">The clock of its life.</param>
    public McpTask(string id, TaskCall call, TimeProvider time)
    {
        (Id, this.call, this.time, created) = (id, call, time, time.GetUtcNow());
        Follow();
    }

    public string Id { get; }

    public bool IsBusy => !running.IsCompleted;

    public bool IsExpired => running.IsCompleted && time.GetUtcNow() - created > Life;

    /// <summary>What the client is asked for before the call can go on; null: nothing.</summary>
    private InputRequiredResult? Question => running.Exception?.InnerException is InputRequiredException asked && !call.IsStopped ? asked.Result : null;

    private string Status => running switch
    {
        { IsCompleted: false } => "working",
        { IsCompletedSuccessfully: true } => "completed",
        _ when call.IsStopped => "cancelled",
        _ => Question is null ? "failed" : "input_required",
    };

    public CreatedTask Created() => new()
    {
        ResultType = "task",
        TaskId = Id,
        Status = "working",
        CreatedAt = Time(created),
        LastUpdatedAt = Time(created),
        TtlMs = (long)Life.TotalMilliseconds,
        PollIntervalMs = (long)PollInterval.TotalMilliseconds,
    };

    /// <summary>How it stands now, with its result once there is one.</summary>
    public JsonObject Describe()
    {
        lock (guard)
        {
            var status = Status;
            var answer = new JsonObject
            {
                ["resultType"] = "complete",
                ["taskId"] = Id,
                ["status"] = status,
                ["createdAt"] = Time(created),
                ["lastUpdatedAt"] = Time(ended.IsCompleted ? ended.Result : begun),
                ["ttlMs"] = (long)Life.TotalMilliseconds,
                ["pollIntervalMs"] = (long)PollInterval.TotalMilliseconds,
            };
            if (status == "completed") answer["result"] = JsonSerializer.SerializeToNode(running.Result.Result!, ResultJson);
            if (status == "failed") answer["error"] = Error(running.Exception!.InnerException!);
            if (status == "input_required") answer["inputRequests"] = new JsonObject(Pending().Select(one => KeyValuePair.Create(one.Key, JsonSerializer.SerializeToNode(one.Value, RequestJson))));
            return answer;
        }
    }

    /// <summary>Takes what the client was asked for; with the last of it the call goes on. What nobody asked for is passed over.</summary>
    /// <exception cref="JsonException">A response is none.</exception>
    public void Answer(JsonObject responses)
    {
        lock (guard)
        {
            if (Question is not { } question) return;
            foreach (var key in Pending().Select(one => one.Key).Where(responses.ContainsKey).ToList()) answers[key] = responses[key].Deserialize(ResponseJson)!;
            if (Pending().Any()) return;

            call.Repeat(new Dictionary<string, InputResponse>(answers), question.RequestState);
            answers.Clear();
            Follow();
        }
    }

    public void Cancel()
    {
        lock (guard)
        {
            if (!running.IsCompleted || Question is not null) call.Stop();
        }
    }

    public async Task EndAsync()
    {
        Cancel();
        await ((Task)running).WaitAsync(EndPatience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        call.Dispose();
    }

    private IEnumerable<KeyValuePair<string, InputRequest>> Pending() => (Question?.InputRequests ?? new Dictionary<string, InputRequest>()).Where(one => !answers.ContainsKey(one.Key));

    private void Follow()
    {
        (begun, running) = (time.GetUtcNow(), call.Running);
        ended = running.ContinueWith(_ => time.GetUtcNow(), TaskScheduler.Default);
    }

    private static JsonObject Error(Exception error) => error is McpProtocolException known
        ? new() { ["code"] = (int)known.ErrorCode, ["message"] = known.Message }
        : new() { ["code"] = (int)McpErrorCode.InternalError, ["message"] = "The call failed. Make it again." };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T));
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
