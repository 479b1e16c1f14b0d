using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>JSON of envd, by the rules of protobuf JSON: camel case, defaults left out, unknown members ignored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(StartResponse))]
[JsonSerializable(typeof(SendSignalRequest))]
[JsonSerializable(typeof(ListProcessesResponse))]
[JsonSerializable(typeof(ListDirRequest))]
[JsonSerializable(typeof(ListDirResponse))]
[JsonSerializable(typeof(IReadOnlyList<WrittenFile>))]
[JsonSerializable(typeof(InitRequest))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(ConnectError))]
[JsonSerializable(typeof(StreamEnd))]
[JsonSerializable(typeof(Empty))]
[JsonSerializable(typeof(ApiError))]
public sealed partial class EnvdJson : JsonSerializerContext;
