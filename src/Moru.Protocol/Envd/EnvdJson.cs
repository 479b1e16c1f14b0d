using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>JSON of envd, by the rules of protobuf JSON: camel case, defaults left out, unknown members ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(StartResponse))]
[JsonSerializable(typeof(ConnectRequest))]
[JsonSerializable(typeof(ConnectResponse))]
[JsonSerializable(typeof(UpdateRequest))]
[JsonSerializable(typeof(SendInputRequest))]
[JsonSerializable(typeof(StreamInputRequest))]
[JsonSerializable(typeof(SendSignalRequest))]
[JsonSerializable(typeof(ListProcessesResponse))]
[JsonSerializable(typeof(ListDirRequest))]
[JsonSerializable(typeof(ListDirResponse))]
[JsonSerializable(typeof(StatRequest))]
[JsonSerializable(typeof(StatResponse))]
[JsonSerializable(typeof(MakeDirRequest))]
[JsonSerializable(typeof(MakeDirResponse))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(MoveResponse))]
[JsonSerializable(typeof(RemoveRequest))]
[JsonSerializable(typeof(WatchDirRequest))]
[JsonSerializable(typeof(WatchDirResponse))]
[JsonSerializable(typeof(CreateWatcherRequest))]
[JsonSerializable(typeof(CreateWatcherResponse))]
[JsonSerializable(typeof(GetWatcherEventsRequest))]
[JsonSerializable(typeof(GetWatcherEventsResponse))]
[JsonSerializable(typeof(RemoveWatcherRequest))]
[JsonSerializable(typeof(IReadOnlyList<WrittenFile>))]
[JsonSerializable(typeof(InitRequest))]
[JsonSerializable(typeof(EnvdMetrics))]
[JsonSerializable(typeof(ProcessLogEntry))]
[JsonSerializable(typeof(ProcessResult))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(ConnectError))]
[JsonSerializable(typeof(StreamEnd))]
[JsonSerializable(typeof(Empty))]
[JsonSerializable(typeof(ApiError))]
public sealed partial class EnvdJson : JsonSerializerContext;
