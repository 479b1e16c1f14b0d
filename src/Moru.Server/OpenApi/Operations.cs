using System.Text.Json.Serialization.Metadata;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>What an operation takes and answers.</summary>
internal sealed record Operation(string Summary, int Status, JsonTypeInfo? Body = null, JsonTypeInfo? Answer = null, params string[] Query);

/// <summary>The operations of the API by method and path, as the published description names them.</summary>
internal static class Operations
{
    private static readonly ApiJson Json = ApiJson.Default;

    public static readonly IReadOnlyDictionary<string, Operation> All = new Dictionary<string, Operation>
    {
        ["GET /health"] = new("Whether the server serves; 503 while it stops", 200),
        ["GET /ready"] = new("Whether the server and its engine can start sandboxes", 200),
        ["GET /openapi.json"] = new("This description", 200),
        ["POST /sandboxes"] = new("Create a sandbox", 201, Json.NewSandbox, Json.SandboxAccess),
        ["GET /sandboxes"] = new("List running sandboxes", 200, Answer: Json.IReadOnlyListListedSandbox, Query: ["metadata"]),
        ["GET /v2/sandboxes"] = new("List running and paused sandboxes in pages", 200, Answer: Json.IReadOnlyListListedSandbox, Query: ["metadata", "state", "limit", "nextToken"]),
        ["GET /sandboxes/{id}"] = new("Get a sandbox", 200, Answer: Json.SandboxDetail),
        ["DELETE /sandboxes/{id}"] = new("Kill a sandbox", 204),
        ["POST /sandboxes/{id}/pause"] = new("Pause a sandbox", 204),
        ["POST /sandboxes/{id}/resume"] = new("Resume a paused sandbox", 201, Json.ResumedSandbox, Json.SandboxAccess),
        ["POST /sandboxes/{id}/connect"] = new("Connect to a sandbox; resumes a paused one and answers 201 then", 200, Json.SandboxTimeout, Json.SandboxAccess),
        ["POST /sandboxes/{id}/timeout"] = new("Set when a sandbox ends", 204, Json.SandboxTimeout),
        ["POST /sandboxes/{id}/refreshes"] = new("Let a sandbox live longer", 204, Json.SandboxRefresh),
        ["PUT /sandboxes/{id}/network"] = new("Change what a sandbox may reach", 204, Json.SandboxEgress),
        ["GET /sandboxes/{id}/network"] = new("Read what a sandbox may reach, and what it was refused", 200, Answer: Json.SandboxNetworkReport),
        ["GET /sandboxes/{id}/network/explain"] = new("Tell whether a sandbox may reach a host, and why", 200, Answer: Json.NetworkExplanation, Query: ["host"]),
        ["GET /v2/sandbox-runs"] = new("List sandboxes, ended ones too", 200, Answer: Json.IReadOnlyListSandboxRun, Query: ["status", "limit", "nextToken"]),
        ["GET /sandboxes/{id}/logs"] = new("Read what processes of a sandbox did and printed", 200, Answer: Json.SandboxLogs, Query: ["cursor", "limit", "direction", "eventType"]),
        ["GET /sandboxes/{id}/metrics"] = new("Read what a sandbox used", 200, Answer: Json.IReadOnlyListSandboxMetric, Query: ["start", "end"]),
        ["GET /sandboxes/metrics"] = new("Read what sandboxes used last", 200, Answer: Json.SandboxesMetrics, Query: ["sandbox_ids"]),
        ["GET /teams"] = new("List the caller's team", 200, Answer: Json.IReadOnlyListTeamWithKey),
        ["GET /teams/{teamID}/metrics"] = new("Read how many sandboxes a team had and started", 200, Answer: Json.IReadOnlyListTeamMetric, Query: ["start", "end"]),
        ["GET /teams/{teamID}/metrics/max"] = new("Read the largest value of one metric", 200, Answer: Json.MaxTeamMetric, Query: ["metric", "start", "end"]),
        ["GET /api-keys"] = new("List API keys", 200, Answer: Json.IReadOnlyListTeamApiKey, Query: ["teamID"]),
        ["POST /api-keys"] = new("Make an API key", 201, Json.NameBody, Json.CreatedTeamApiKey, "teamID"),
        ["PATCH /api-keys/{id}"] = new("Rename an API key", 200, Json.NameBody, Query: ["teamID"]),
        ["DELETE /api-keys/{id}"] = new("Delete an API key", 204, Query: ["teamID"]),
        ["GET /access-tokens"] = new("List access tokens", 200, Answer: Json.IReadOnlyListAccessToken, Query: ["teamID"]),
        ["POST /access-tokens"] = new("Make an access token", 201, Json.NameBody, Json.CreatedAccessToken, "teamID"),
        ["DELETE /access-tokens/{id}"] = new("Delete an access token", 204, Query: ["teamID"]),
        ["GET /admin/teams"] = new("List teams", 200, Answer: Json.IReadOnlyListAdminTeam),
        ["POST /admin/teams"] = new("Make a team", 201, Json.NameBody, Json.CreatedTeam),
        ["PATCH /admin/teams/{teamID}"] = new("Rename, block or unblock a team", 200, Json.TeamChange),
        ["POST /admin/teams/{teamID}/sandboxes/kill"] = new("Kill the running sandboxes of a team", 200, Answer: Json.KilledSandboxes),
        ["GET /nodes"] = new("List the machines", 200, Answer: Json.IReadOnlyListNode),
        ["GET /nodes/{nodeID}"] = new("Describe a machine", 200, Answer: Json.NodeDetail),
        ["POST /nodes/{nodeID}"] = new("Make a machine refuse or take new sandboxes", 204, Json.NodeStatusChange),
        ["POST /v3/templates"] = new("Make a template, or a new build of one", 202, Json.NewTemplate, Json.RequestedTemplate),
        ["POST /v2/templates"] = new("The same, for older clients", 202, Json.NewTemplate, Json.RequestedTemplate),
        ["POST /templates"] = new("Make a template, or a new build of one, from a Dockerfile; for older clients", 202, Json.DockerfileTemplate, Json.RequestedTemplate),
        ["POST /templates/{id}"] = new("Make a new build of a template from a Dockerfile; for older clients", 202, Json.DockerfileTemplate, Json.RequestedTemplate),
        ["POST /templates/{id}/builds/{buildId}"] = new("Start a build of a Dockerfile; for older clients", 202),
        ["POST /v2/templates/{id}/builds/{buildId}"] = new("Start a build", 202, Json.TemplateBuildStart),
        ["GET /templates/{id}/builds/{buildId}/status"] = new("Follow a build", 200, Answer: Json.TemplateBuildInfo, Query: ["logsOffset", "limit", "level"]),
        ["GET /templates/{id}/builds/{buildId}/logs"] = new("Read the log of a build", 200, Answer: Json.TemplateBuildLogs, Query: ["cursor", "limit", "direction", "level", "source"]),
        ["GET /templates/{id}/files/{hash}"] = new("Ask where to upload files for a build", 201, Answer: Json.TemplateUpload),
        ["PUT /template-files/{hash}"] = new("Upload files for a build", 200, Query: ["team", "expires", "signature"]),
        ["GET /templates"] = new("List templates", 200, Answer: Json.IReadOnlyListTemplateInfo, Query: ["teamID"]),
        ["GET /templates/{id}"] = new("Get a template and its builds in pages", 200, Answer: Json.TemplateWithBuilds, Query: ["limit", "nextToken"]),
        ["DELETE /templates/{id}"] = new("Delete a template by id or alias", 204),
        ["PATCH /templates/{id}"] = new("Open a template to all teams, or close it", 200, Json.TemplateChange),
        ["POST /volumes"] = new("Make a volume; answers 200 when there is one of that name", 201, Json.NewVolume, Json.VolumeDetail),
        ["GET /volumes"] = new("List volumes in pages", 200, Answer: Json.IReadOnlyListVolumeDetail, Query: ["limit", "nextToken"]),
        ["GET /volumes/{volume}"] = new("Get a volume by id or name", 200, Answer: Json.VolumeDetail),
        ["DELETE /volumes/{volume}"] = new("Delete a volume", 204),
        ["GET /volumes/{volume}/files"] = new("List a directory of a volume", 200, Answer: Json.VolumeFileList, Query: ["path", "limit", "nextToken"]),
        ["DELETE /volumes/{volume}/files"] = new("Delete from a volume", 204, Query: ["path", "recursive"]),
        ["PUT /volumes/{volume}/files/upload"] = new("Write a file of a volume", 201, Answer: Json.UploadedVolumeFile, Query: ["path"]),
        ["GET /volumes/{volume}/files/download"] = new("Read a file of a volume", 200, Query: ["path"]),
    };
}
