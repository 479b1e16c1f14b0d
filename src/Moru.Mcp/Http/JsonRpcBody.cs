using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>Finds what the SDK would fail on in a body, which is the client's mistake and no failure of the server's.</summary>
internal static class JsonRpcBody
{
    // It is kept for as long as the session, in memory and on disk.
    private const int MaxInitialize = 64 << 10;

    // What is built of a value takes more memory than its bytes; a message with the most variables that a command can have is far below.
    private const int MaxTokens = 100_000;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static readonly JsonTypeInfo<InitializeRequestParams> InitializeJson = (JsonTypeInfo<InitializeRequestParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(InitializeRequestParams));

    // The SDK reads these before it looks at the method.
    private static readonly string[] Texts = ["name", "uri", "taskId"];

    /// <param name="body">What came.</param>
    /// <param name="revision">That of the protocol, as the headers name it.</param>
    /// <returns>Null when it can be read.</returns>
    public static HttpProblem? ProblemOrDefault(ReadOnlyMemory<byte> body, string? revision)
    {
        if (!Utf8.IsValid(body.Span)) return new(McpErrorCode.ParseError, "the body is not UTF-8");
        try
        {
            if (ProblemOfTokens(body.Span) is { } problem) return problem;
            using var message = JsonDocument.Parse(body, Strict);
            return ProblemOf(message.RootElement, body.Length, revision);
        }
        catch (JsonException error)
        {
            return new(McpErrorCode.ParseError, $"the body is no JSON that all read alike, from byte {error.BytePositionInLine} of line {error.LineNumber + 1} on");
        }
    }

    private static HttpProblem? ProblemOfTokens(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        for (var tokens = 0; reader.Read(); tokens++)
        {
            if (tokens == MaxTokens) return new(McpErrorCode.InvalidRequest, $"a message has at most {MaxTokens} values");
            if (reader is { ValueIsEscaped: true, TokenType: JsonTokenType.String or JsonTokenType.PropertyName } && !IsWhole(reader))
                return new(McpErrorCode.InvalidParams, "a text has half of a surrogate pair (write the whole character)");
        }

        return null;
    }

    private static HttpProblem? ProblemOf(JsonElement message, int length, string? revision)
    {
        if (message.ValueKind == JsonValueKind.Array) return new(McpErrorCode.InvalidRequest, "send one message at a time; batches are not read");
        if (message.ValueKind != JsonValueKind.Object) return new(McpErrorCode.InvalidRequest, "a message is an object");
        if (!TryId(message, out var id)) return new(McpErrorCode.InvalidRequest, "'id' must be a text or a whole number");
        if (!message.TryGetProperty("jsonrpc", out var version) || version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0"))
            return new(McpErrorCode.InvalidRequest, "'jsonrpc' must be \"2.0\"", Id: id);
        var hasMethod = message.TryGetProperty("method", out var method);
        var hasParameters = message.TryGetProperty("params", out var parameters);
        if (hasMethod && method.ValueKind != JsonValueKind.String) return new(McpErrorCode.InvalidRequest, "'method' must be a text", Id: id);
        if (hasMethod && method.ValueEquals("initialize") && revision != McpVersions.WithoutSessions) return ProblemOfInitialize(parameters, length) is { } problem ? problem with { Id = id } : null;
        return hasParameters && parameters.ValueKind == JsonValueKind.Object && Texts.FirstOrDefault(name => IsWrong(parameters, name)) is { } wrong
            ? new(McpErrorCode.InvalidParams, $"'{wrong}' in the params must be a text", Id: id)
            : null;
    }

    private static HttpProblem? ProblemOfInitialize(JsonElement parameters, int length)
    {
        if (length > MaxInitialize) return new(McpErrorCode.InvalidRequest, $"an initialize has at most {MaxInitialize} bytes", 413);
        try
        {
            if (parameters.ValueKind != JsonValueKind.Undefined && parameters.Deserialize(InitializeJson) is not null) return null;
        }
        catch (JsonException)
        {
            // Not what it should be.
        }

        return new(McpErrorCode.InvalidParams, "the params of 'initialize' cannot be read: they must have protocolVersion, capabilities and clientInfo, as the protocol has them");
    }

    private static bool TryId(JsonElement message, out JsonNode? id)
    {
        id = null;
        if (!message.TryGetProperty("id", out var given)) return true;
        if (given.ValueKind == JsonValueKind.String) id = given.GetString();
        else if (given.ValueKind == JsonValueKind.Number && given.TryGetInt64(out var number)) id = number;
        return id is not null;
    }

    private static bool IsWrong(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null);

    private static bool IsWhole(Utf8JsonReader reader)
    {
        var text = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(text);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(text);
        }
    }
}
