using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;

namespace Moru.Server;

/// <summary>
/// <c>GET /openapi.json</c>: a description of the routes that are mapped, made from them, with the schemas of the records that the
/// server reads and writes.
/// </summary>
internal static class OpenApiDocument
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var text = new Lazy<string>(() => Of(routes.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()).ToJsonString());
        routes.MapGet("/openapi.json", context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            return context.Response.WriteAsync(text.Value);
        }).WithMetadata(Authentication.Open);
    }

    private static JsonObject Of(IEnumerable<RouteEndpoint> endpoints)
    {
        var (paths, schemas) = (new JsonObject(), new JsonObject());
        Reference(ApiJson.Default.ApiError, schemas);
        foreach (var endpoint in endpoints.OrderBy(endpoint => endpoint.RoutePattern.RawText, StringComparer.Ordinal))
        {
            var path = endpoint.RoutePattern.RawText!;
            if (paths[path] is null) paths[path] = new JsonObject();
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
                paths[path]![method.ToLowerInvariant()] = Describe(endpoint, Operations.All.GetValueOrDefault($"{method} {path}"), schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Moru", ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3) },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject { ["apiKey"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = Headers.ApiKey } },
            },
        };
    }

    private static JsonObject Describe(RouteEndpoint endpoint, Operation? operation, JsonObject schemas)
    {
        var parameters = new JsonArray([
            .. endpoint.RoutePattern.Parameters.Select(parameter => Parameter(parameter.Name, "path")),
            .. (operation?.Query ?? []).Select(name => Parameter(name, "query"))]);
        var success = new JsonObject { ["description"] = operation?.Summary ?? "Done" };
        if (operation?.Answer is { } answer) success["content"] = Content(answer, schemas);
        var described = new JsonObject
        {
            ["summary"] = operation?.Summary,
            ["parameters"] = parameters,
            ["responses"] = new JsonObject
            {
                [(operation?.Status ?? 200).ToString(System.Globalization.CultureInfo.InvariantCulture)] = success,
                ["default"] = new JsonObject { ["description"] = "Why it failed", ["content"] = Content(ApiJson.Default.ApiError, schemas) },
            },
        };
        if (operation?.Body is { } body) described["requestBody"] = new JsonObject { ["content"] = Content(body, schemas) };
        if (endpoint.Metadata.GetMetadata<Authentication.Demand>() is null or { Accepted: not Accepted.None })
            described["security"] = new JsonArray(new JsonObject { ["apiKey"] = new JsonArray() });
        return described;
    }

    private static JsonObject Parameter(string name, string place) => new()
    {
        ["name"] = name, ["in"] = place, ["required"] = place == "path", ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Content(JsonTypeInfo type, JsonObject schemas) => new()
    {
        ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = Reference(type, schemas) } },
    };

    /// <summary>Lists come under the name of what they hold.</summary>
    private static string Reference(JsonTypeInfo type, JsonObject schemas)
    {
        var name = type.Type.IsGenericType ? type.Type.GetGenericArguments()[0].Name + "List" : type.Type.Name;
        var place = "#/components/schemas/" + name;
        if (schemas.ContainsKey(name)) return place;

        var schema = type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        Move(schema, place);
        schemas[name] = schema;
        return place;
    }

    /// <summary>References within a schema are from its own root, which is another in the document.</summary>
    private static void Move(JsonNode? schema, string place)
    {
        if (schema is JsonArray items)
        {
            foreach (var item in items) Move(item, place);
        }
        else if (schema is JsonObject members)
        {
            foreach (var (_, value) in members) Move(value, place);
            if (members["$ref"] is JsonValue reference && reference.TryGetValue<string>(out var from)) members["$ref"] = place + from[1..];
        }
    }
}
