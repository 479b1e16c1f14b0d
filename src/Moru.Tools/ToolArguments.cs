using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Tools;

/// <summary>Compares the arguments of a call with the tool's input schema and names every mistake at once.</summary>
internal static class ToolArguments
{
    /// <summary>Returns the arguments ready to bind: absent where they are null or empty, whole numbers written as such.</summary>
    /// <exception cref="ToolException">They do not fit.</exception>
    public static AIFunctionArguments Check(AIFunction tool, AIFunctionArguments given, string example)
    {
        var schema = tool.JsonSchema;
        var properties = schema.TryGetProperty("properties", out var declared) ? declared.EnumerateObject().ToDictionary(p => p.Name, p => p.Value) : [];
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!).ToArray() : [];
        var bound = new AIFunctionArguments { Context = given.Context, Services = given.Services };
        var mistakes = new List<string>();

        foreach (var (name, value) in given)
        {
            if (!properties.TryGetValue(name, out var property))
            {
                mistakes.Add($"there is no argument `{name}`, {(properties.Count == 0 ? "and none is needed" : $"only {string.Join(", ", properties.Keys.Select(known => $"`{known}`"))}")}");
                continue;
            }

            if (value is null) continue;
            var element = value as JsonElement? ?? JsonSerializer.SerializeToElement(value, ToolSet.Json.GetTypeInfo(value.GetType()));
            if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined) continue;
            if (element.ValueKind == JsonValueKind.String && element.GetRawText() == "\"\"" && !required.Contains(name) && !property.TryGetProperty("maxLength", out _)) continue; // models write "" for "not given"
            if (Fit(property, element) is { } fitting) bound[name] = fitting;
            else mistakes.Add($"`{name}` must be {Describe(property)}, not {Show(element)}");
        }

        mistakes.AddRange(required.Where(name => !bound.ContainsKey(name) && !mistakes.Any(mistake => mistake.StartsWith($"`{name}`", StringComparison.Ordinal)))
            .Select(name => $"`{name}` is missing; it must be {Describe(properties[name])}"));
        return mistakes.Count == 0
            ? bound
            : throw new ToolException($"Wrong arguments for {tool.Name}: {string.Join("; ", mistakes)}. A correct call: {tool.Name} {example}");
    }

    private static JsonElement? Fit(JsonElement property, JsonElement value) => property.GetProperty("type").GetString() switch
    {
        "string" => IsText(value) && IsAllowed(property, value) && HasLength(property, value.GetString()!) ? value : null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value : null,
        "integer" => FitInteger(property, value),
        "array" => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsText) ? value : null,
        "object" => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(member => IsText(member.Value)) ? value : null,
        var other => throw new NotSupportedException($"No tool has an argument of type '{other}' yet."),
    };

    // JSON schema calls 60.0 an integer, and models write it; the serializer would refuse it.
    private static JsonElement? FitInteger(JsonElement property, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || number != Math.Floor(number)) return null;
        return number < Bound(property, "minimum", int.MinValue) || number > Bound(property, "maximum", int.MaxValue)
            ? null
            : JsonSerializer.SerializeToElement((int)number, ToolJson.Default.Int32);
    }

    private static bool IsAllowed(JsonElement property, JsonElement value) =>
        !property.TryGetProperty("enum", out var allowed) || allowed.EnumerateArray().Any(each => each.GetString() == value.GetString());

    private static bool HasLength(JsonElement property, string text) => text.Length >= Bound(property, "minLength", 0) && text.Length <= Bound(property, "maxLength", int.MaxValue);

    // JSON can escape half of a surrogate pair, which is no text and cannot be written to a file.
    private static bool IsText(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return false;
        try
        {
            value.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Describe(JsonElement property) => property.GetProperty("type").GetString() switch
    {
        "string" when property.TryGetProperty("enum", out var allowed) => string.Join(" or ", allowed.EnumerateArray().Select(each => each.GetRawText())),
        "string" when property.TryGetProperty("minLength", out var shortest) && property.TryGetProperty("maxLength", out var longest) => $"a string of {shortest} to {longest} characters",
        "string" => "a string",
        "boolean" => "true or false",
        "integer" when property.TryGetProperty("minimum", out var minimum) && property.TryGetProperty("maximum", out var maximum) =>
            $"a whole number from {minimum} to {maximum}",
        "integer" when property.TryGetProperty("minimum", out var minimum) => $"a whole number from {minimum}",
        "integer" => "a whole number",
        "array" => "a list of strings",
        _ => "an object with string values",
    };

    private static string Show(JsonElement value)
    {
        var text = value.GetRawText();
        var shown = text.Length <= 60 ? text : $"{text[..57]}...";
        return value.ValueKind switch
        {
            JsonValueKind.String when !IsText(value) => "text with half of a surrogate pair (write the whole character)",
            JsonValueKind.String => $"the string {shown}",
            JsonValueKind.Array => $"the list {shown}",
            JsonValueKind.Object => $"the object {shown}",
            _ => shown,
        };
    }

    private static double Bound(JsonElement property, string keyword, int unbounded) =>
        property.TryGetProperty(keyword, out var bound) ? bound.GetDouble() : unbounded;
}
