using System.Text.Json;

namespace Moru.Server.Tests;

public sealed class OpenApiSpecs(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Anybody_may_read_the_description_and_it_names_every_route()
    {
        using var nobody = new HttpClient { BaseAddress = shared.Server.Http.BaseAddress };
        using var document = JsonDocument.Parse(await nobody.GetStringAsync("/openapi.json", MemoryServer.Cancel));

        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(Operations.All.Keys.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.StartsWith("3.1", document.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_reference_has_a_schema_and_the_schemas_say_what_is_required()
    {
        var root = (await shared.Server.GetAsync("/openapi.json")).Json;
        var schemas = root.GetProperty("components").GetProperty("schemas");

        Assert.All(References(root), reference =>
        {
            var found = root;
            foreach (var name in reference.Split('/')[1..]) found = found.GetProperty(name);
        });
        Assert.Contains("templateID", schemas.GetProperty("NewSandbox").GetProperty("properties").EnumerateObject().Select(member => member.Name));
        Assert.Equal(["logs", "logEntries"], schemas.GetProperty("SandboxLogs").GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.True(schemas.TryGetProperty("ApiError", out _));
    }

    [Fact]
    public async Task Only_open_operations_need_no_key()
    {
        var paths = (await shared.Server.GetAsync("/openapi.json")).Json.GetProperty("paths");

        var open = paths.EnumerateObject().Where(path => path.Value.EnumerateObject().Any(method => !method.Value.TryGetProperty("security", out _)));
        Assert.Equal(["/health", "/openapi.json", "/ready", "/template-files/{hash}"], open.Select(path => path.Name).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
