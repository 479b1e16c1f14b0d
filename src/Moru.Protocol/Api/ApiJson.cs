using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>JSON of the control plane: camel case, unknown members ignored, absent optional members left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(NewSandbox))]
[JsonSerializable(typeof(SandboxAccess))]
[JsonSerializable(typeof(SandboxDetail))]
[JsonSerializable(typeof(SandboxTimeout))]
[JsonSerializable(typeof(IReadOnlyList<ListedSandbox>))]
public sealed partial class ApiJson : JsonSerializerContext;
