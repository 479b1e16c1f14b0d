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
[JsonSerializable(typeof(DockerfileTemplate))]
[JsonSerializable(typeof(RequestedTemplate))]
[JsonSerializable(typeof(TemplateUpload))]
[JsonSerializable(typeof(TemplateBuildStart))]
[JsonSerializable(typeof(TemplateBuildInfo))]
[JsonSerializable(typeof(TemplateBuildLogs))]
[JsonSerializable(typeof(TemplateWithBuilds))]
[JsonSerializable(typeof(TemplateChange))]
[JsonSerializable(typeof(IReadOnlyList<TemplateInfo>))]
[JsonSerializable(typeof(IReadOnlyList<TeamWithKey>))]
[JsonSerializable(typeof(IReadOnlyList<TeamApiKey>))]
[JsonSerializable(typeof(CreatedTeamApiKey))]
[JsonSerializable(typeof(IReadOnlyList<AccessToken>))]
[JsonSerializable(typeof(CreatedAccessToken))]
[JsonSerializable(typeof(NameBody))]
[JsonSerializable(typeof(IReadOnlyList<AdminTeam>))]
[JsonSerializable(typeof(CreatedTeam))]
[JsonSerializable(typeof(TeamChange))]
[JsonSerializable(typeof(KilledSandboxes))]
[JsonSerializable(typeof(IReadOnlyList<TeamMetric>))]
[JsonSerializable(typeof(MaxTeamMetric))]
[JsonSerializable(typeof(IReadOnlyList<Node>))]
[JsonSerializable(typeof(NodeDetail))]
[JsonSerializable(typeof(NodeStatusChange))]
[JsonSerializable(typeof(NewVolume))]
[JsonSerializable(typeof(VolumeDetail))]
[JsonSerializable(typeof(IReadOnlyList<VolumeDetail>))]
[JsonSerializable(typeof(VolumeFileList))]
[JsonSerializable(typeof(UploadedVolumeFile))]
[JsonSerializable(typeof(SandboxLogs))]
[JsonSerializable(typeof(IReadOnlyList<SandboxMetric>))]
[JsonSerializable(typeof(SandboxesMetrics))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(NewSandboxNetwork))]
[JsonSerializable(typeof(SandboxEgress))]
[JsonSerializable(typeof(SandboxNetworkReport))]
[JsonSerializable(typeof(NetworkExplanation))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
public sealed partial class ApiJson : JsonSerializerContext;
