using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Moru.Protocol;

/// <summary>For members of requests that may be left out, but not be null.</summary>
internal sealed class NotNull<T> : JsonConverter<T>
{
    public override bool HandleNull => true;

    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.Null) throw new JsonException();
        try
        {
            return JsonSerializer.Deserialize(ref reader, Inner(options));
        }
        catch (JsonException inside)
        {
            // Its path begins at this member; one without a path is given the path to it.
            throw new JsonException(null, inside);
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value, Inner(options));

    private static JsonTypeInfo<T> Inner(JsonSerializerOptions options) => (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
}
