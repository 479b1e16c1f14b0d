using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Moru.Tools;

/// <summary>The schemas that go to a model. It pays for every word before its first call, so what it can do without is left out.</summary>
internal static class ToolSchemas
{
    // Results may have these too; their text says them, and an object may have more members than its schema names.
    private static readonly HashSet<string> Unlisted = ["note", "running", "cut_bytes", "timed_out", "omitted", "session", "replaced", "media_type", "title", "closed", "total_lines", "line", "size_bytes", "template", "done", "traffic_token"];

    /// <summary>How schemas are made: absent and null mean the same here, so "or null" is left out.</summary>
    public static AIJsonSchemaCreateOptions Options { get; } = new() { TransformSchemaNode = (_, node) => WithoutNull(node) };

    /// <summary>Without what only the check of arguments needs, and without parameters that have no description, which work all the same.</summary>
    public static JsonElement Input(JsonElement full)
    {
        var schema = JsonNode.Parse(full.GetRawText())!.AsObject();
        var properties = schema["properties"]?.AsObject() ?? [];
        foreach (var (name, property) in properties.ToList())
        {
            var parameter = property!.AsObject();
            if (parameter["description"] is null) properties.Remove(name);
            parameter.Remove("minimum");
            parameter.Remove("maximum");
            parameter.Remove("minLength");
            parameter.Remove("maxLength");
            parameter.Remove("additionalProperties");
            if (parameter["default"]?.GetValueKind() != JsonValueKind.Number) parameter.Remove("default");
        }

        return Element(schema);
    }

    /// <summary>The members that programs ask for; none is promised, so none is called required.</summary>
    public static JsonElement Output(JsonElement full, JsonElement input)
    {
        var schema = JsonNode.Parse(full.GetRawText())!.AsObject();
        Trim(schema);

        // What a caller has said itself it knows.
        foreach (var parameter in input.TryGetProperty("properties", out var parameters) ? parameters.EnumerateObject() : default) schema["properties"]!.AsObject().Remove(parameter.Name);
        if (schema["properties"] is JsonObject { Count: 0 }) schema.Remove("properties");
        return Element(schema);
    }

    private static void Trim(JsonObject schema)
    {
        schema.Remove("required");
        if (schema["properties"] is JsonObject properties)
        {
            foreach (var name in properties.Select(property => property.Key).Where(Unlisted.Contains).ToList()) properties.Remove(name);
            foreach (var (_, property) in properties) Trim(property!.AsObject());
        }

        if (schema["items"] is JsonObject items) Trim(items);
    }

    private static JsonNode WithoutNull(JsonNode node)
    {
        if (node is not JsonObject schema) return node;
        if (schema["type"] is JsonArray types && types.FirstOrDefault(type => type!.GetValue<string>() != "null") is { } type)
            schema["type"] = type.GetValue<string>();
        if (schema.TryGetPropertyValue("default", out var value) && value is null) schema.Remove("default");
        return schema;
    }

    private static JsonElement Element(JsonNode node) => JsonElement.Parse(node.ToJsonString());
}
