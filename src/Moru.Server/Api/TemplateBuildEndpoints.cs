using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Asking for a build, starting it, and following it.</summary>
internal sealed class TemplateBuildEndpoints(MoruRuntime runtime)
{
    private const int MaxLogLimit = 100;

    private static readonly Dictionary<string, BuildLogLevel> Levels = new()
    {
        ["debug"] = BuildLogLevel.Debug, ["info"] = BuildLogLevel.Info, ["warn"] = BuildLogLevel.Warn, ["error"] = BuildLogLevel.Error,
    };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v3/templates", RequestAsync).Using(Quota.Builds);
        routes.MapPost("/v2/templates", RequestAsync).Using(Quota.Builds);
        routes.MapPost("/templates", RequestDockerfileAsync).Accepting(TemplateEndpoints.KeyOrToken).Using(Quota.Builds);
        routes.MapPost("/templates/{id}", RequestDockerfileAsync).Accepting(TemplateEndpoints.KeyOrToken).Using(Quota.Builds);
        routes.MapPost("/templates/{id}/builds/{buildId}", StartDockerfile).Accepting(TemplateEndpoints.KeyOrToken);
        routes.MapPost("/v2/templates/{id}/builds/{buildId}", StartAsync);
        routes.MapGet("/templates/{id}/builds/{buildId}/status", StatusAsync).Accepting(TemplateEndpoints.KeyOrToken);
        routes.MapGet("/templates/{id}/builds/{buildId}/logs", LogsAsync).Accepting(TemplateEndpoints.KeyOrToken);
    }

    private async Task RequestAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NewTemplate);
        var (template, build) = runtime.Templates.Request(Caller.TeamIfNamed(context, body.TeamId), body.Alias, body.CpuCount, body.MemoryMB);
        await ApiBody.WriteAsync(context, StatusCodes.Status202Accepted, TemplateWire.ToRequested(template, build), ApiJson.Default.RequestedTemplate);
    }

    /// <summary>What there was before steps. The build is made here from the Dockerfile, not by the client.</summary>
    private async Task RequestDockerfileAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.DockerfileTemplate);
        var (template, build) = runtime.Templates.Request(Caller.TeamIfNamed(context, body.TeamId), new BuildRequest
        {
            TemplateId = context.GetRouteValue("id") as string,
            Alias = body.Alias,
            CpuCount = body.CpuCount,
            MemoryMB = body.MemoryMB,
            Plan = Dockerfile.Parse(body.Dockerfile, TemplateWire.NullIfEmpty(body.StartCmd), TemplateWire.NullIfEmpty(body.ReadyCmd)),
        });
        await ApiBody.WriteAsync(context, StatusCodes.Status202Accepted, TemplateWire.ToRequested(template, build), ApiJson.Default.RequestedTemplate);
    }

    private Task StartDockerfile(HttpContext context)
    {
        runtime.Builds.Start(Caller.TeamOf(context), TemplateEndpoints.Id(context), BuildId(context));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        return Task.CompletedTask;
    }

    private async Task StartAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.TemplateBuildStart);
        runtime.Builds.Start(Caller.TeamOf(context), TemplateEndpoints.Id(context), BuildId(context), TemplateWire.ToPlan(body));
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private Task StatusAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var offset = Number(query["logsOffset"], "logsOffset", 0, int.MaxValue, 0);
        var limit = Number(query["limit"], "limit", 0, MaxLogLimit, MaxLogLimit);
        var level = Level(query["level"]);
        var (build, log) = runtime.Builds.Get(Caller.TeamOf(context), TemplateEndpoints.Id(context), BuildId(context));
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, TemplateWire.ToInfo(build, log, offset, limit, level), ApiJson.Default.TemplateBuildInfo);
    }

    private Task LogsAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = Number(query["limit"], "limit", 0, MaxLogLimit, MaxLogLimit);
        var level = Level(query["level"]);
        var backward = Direction(query["direction"]);
        var cursor = Cursor(query["cursor"]);
        var (_, log) = runtime.Builds.Get(Caller.TeamOf(context), TemplateEndpoints.Id(context), BuildId(context));

        var lines = log.Where(line => line.Level >= level && (cursor is null || (backward ? line.At <= cursor : line.At >= cursor)));
        if (backward) lines = lines.Reverse();
        return ApiBody.WriteAsync(
            context, StatusCodes.Status200OK, new TemplateBuildLogs([.. lines.Take(limit).Select(TemplateWire.ToEntry)]), ApiJson.Default.TemplateBuildLogs);
    }

    private static string BuildId(HttpContext context) => Guid.TryParseExact((string)context.GetRouteValue("buildId")!, "D", out var id)
        ? id.ToString()
        : throw ApiBody.Invalid("a build id is a UUID");

    private static BuildLogLevel Level(string? text) => string.IsNullOrEmpty(text) ? BuildLogLevel.Debug
        : Levels.TryGetValue(text, out var level) ? level
        : throw ApiBody.Invalid($"level must be one of {string.Join(", ", Levels.Keys)}");

    private static bool Direction(string? text) => text is "backward"
        || (string.IsNullOrEmpty(text) || text is "forward" ? false : throw ApiBody.Invalid("direction must be forward or backward"));

    private static DateTimeOffset? Cursor(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : throw ApiBody.Invalid("cursor must be a time in milliseconds");
    }

    private static int Number(string? text, string name, int least, int most, int otherwise)
    {
        if (string.IsNullOrEmpty(text)) return otherwise;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw ApiBody.Invalid(most == int.MaxValue ? $"{name} must be {least} or more" : $"{name} must be {least} to {most}");
    }
}
