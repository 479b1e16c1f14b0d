namespace Moru.Server.Tests;

/// <summary>The calls that clients make to build a template.</summary>
internal static class TemplateCalls
{
    public static async Task<(string Template, string Build)> RequestTemplateAsync(this MemoryServer server, string alias)
    {
        var answer = await server.PostAsync("/v3/templates", $$"""{"alias":"{{alias}}"}""");
        Assert.Equal((202, alias.ToLowerInvariant()), (answer.Status, answer.Json.GetProperty("aliases")[0].GetString()));
        return (answer["templateID"]!, answer["buildID"]!);
    }

    public static async Task<(string Template, string Build)> StartBuildAsync(this MemoryServer server, string alias, string plan)
    {
        var ids = await server.RequestTemplateAsync(alias);
        var answer = await server.PostAsync($"/v2/templates/{ids.Template}/builds/{ids.Build}", plan);
        Assert.Equal((202, ""), (answer.Status, answer.Text));
        return ids;
    }

    public static async Task<(string Template, string Build)> BuildAsync(this MemoryServer server, string alias, string plan, string end = "ready")
    {
        var ids = await server.StartBuildAsync(alias, plan);
        await Eventually.TrueAsync(async () => (await server.StatusAsync(ids, "?logsOffset=10000"))["status"] is not "building");
        Assert.Equal(end, (await server.StatusAsync(ids, "?logsOffset=10000"))["status"]);
        return ids;
    }

    public static Task<Answer> StatusAsync(this MemoryServer server, (string Template, string Build) ids, string query = "") =>
        server.GetAsync($"/templates/{ids.Template}/builds/{ids.Build}/status{query}");

    /// <summary>Builds, and tells which steps came from the cache.</summary>
    public static async Task<IReadOnlyList<string>> CachedStepsAsync(this MemoryServer server, string alias, string plan)
    {
        var ids = await server.BuildAsync(alias, plan);
        var lines = (await server.StatusAsync(ids)).Json.GetProperty("logs").EnumerateArray().Select(line => line.GetString()!);
        return [.. lines.Where(line => line.StartsWith("CACHED [", StringComparison.Ordinal)).Select(line => line["CACHED [".Length..line.IndexOf(']', StringComparison.Ordinal)])];
    }
}
