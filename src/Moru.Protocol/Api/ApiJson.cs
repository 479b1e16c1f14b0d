using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>
/// JSON of the control plane: camel case, unknown members ignored, absent optional members left out. A member given twice or a
/// null where the wire has none is an error, not a guess.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(NewSandbox))]
[JsonSerializable(typeof(SandboxAccess))]
[JsonSerializable(typeof(SandboxDetail))]
[JsonSerializable(typeof(SandboxTimeout))]
[JsonSerializable(typeof(SandboxRefresh))]
[JsonSerializable(typeof(ResumedSandbox))]
[JsonSerializable(typeof(IReadOnlyList<ListedSandbox>))]
[JsonSerializable(typeof(IReadOnlyList<SandboxRun>))]
[JsonSerializable(typeof(NewTemplate))]
[JsonSerializable(typeof(RequestedTemplate))]
[JsonSerializable(typeof(TemplateUpload))]
[JsonSerializable(typeof(TemplateBuildStart))]
[JsonSerializable(typeof(TemplateBuildInfo))]
[JsonSerializable(typeof(TemplateBuildLogs))]
[JsonSerializable(typeof(TemplateWithBuilds))]
[JsonSerializable(typeof(TemplateChange))]
[JsonSerializable(typeof(IReadOnlyList<TemplateInfo>))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(NewSandboxNetwork))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
public sealed partial class ApiJson : JsonSerializerContext;
