using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>
/// What clients said when they opened their sessions, so that sessions go on after the server was restarted: many clients do not open
/// another when theirs has become unknown. One file each, of a bounded number and age.
/// </summary>
internal sealed class SessionFiles(string dataDirectory) : ISessionMigrationHandler
{
    /// <summary>In which clients name their session of the protocol's.</summary>
    public const string Header = "Mcp-Session-Id";

    private const int Capacity = 1_000;

    private static readonly TimeSpan Age = TimeSpan.FromDays(1);

    private static readonly JsonTypeInfo<InitializeRequestParams> Json = (JsonTypeInfo<InitializeRequestParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(InitializeRequestParams));

    private readonly string directory = Path.Combine(dataDirectory, "mcp-sessions");

    public async ValueTask OnSessionInitializedAsync(HttpContext context, string sessionId, InitializeRequestParams initializeParams, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Sweep();
        var content = new JsonObject
        {
            ["owner"] = Owner(context),
            ["initialize"] = JsonSerializer.SerializeToNode(initializeParams, Json),
        };
        var part = $"{PathOf(sessionId)}.part";
        await WriteAsync(part, content.ToJsonString(), cancellationToken);
        File.Move(part, PathOf(sessionId), overwrite: true);
    }

    /// <returns>Null, which becomes 404, when the session is unknown or somebody else's.</returns>
    public async ValueTask<InitializeRequestParams?> AllowSessionMigrationAsync(HttpContext context, string sessionId, CancellationToken cancellationToken)
    {
        try
        {
            var content = JsonNode.Parse(await File.ReadAllTextAsync(PathOf(sessionId), cancellationToken))!;
            return content["owner"]?.GetValue<string>() == Owner(context)
                ? content["initialize"].Deserialize(Json)
                : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Forgets a session as its client ends it: one that nobody has used since a restart is not known to the SDK.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsDelete(context.Request.Method)
            && context.Request.Headers[Header] is [{ } id]
            && await AllowSessionMigrationAsync(context, id, context.RequestAborted) is not null) Delete(id);
        await next(context);
    }

    /// <summary>Forgets a session that its client has ended, or that was idle for too long.</summary>
    public void Delete(string sessionId)
    {
        if (Directory.Exists(directory)) File.Delete(PathOf(sessionId));
    }

    private static async Task WriteAsync(string path, string content, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new StreamWriter(path, options);
        await file.WriteAsync(content.AsMemory(), cancellationToken);
    }

    private void Sweep()
    {
        var files = new DirectoryInfo(directory).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        foreach (var file in files.Where((file, at) => at >= Capacity || DateTime.UtcNow - file.LastWriteTimeUtc > Age)) file.Delete();
    }

    // An id comes from the network, and is a secret of its client's.
    private string PathOf(string sessionId) => Path.Combine(directory, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sessionId)))[..32]);

    private static string? Owner(HttpContext context) => context.User.FindFirstValue(ClaimTypes.NameIdentifier);
}
