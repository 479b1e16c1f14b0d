using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moru.Tools;

/// <summary>A call written out for the model to make next.</summary>
internal static class ToolCall
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The name and the arguments as JSON; those that are null are left out.</summary>
    public static string Write(string tool, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        var json = new JsonObject();
        foreach (var (name, value) in arguments)
        {
            if (value is not null) json[name] = value is int number ? number : value.ToString();
        }

        return $"{tool} {json.ToJsonString(Readable)}";
    }
}
