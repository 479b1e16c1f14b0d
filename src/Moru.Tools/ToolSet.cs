using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace Moru.Tools;

/// <summary>Everything a model can call, as functions of Microsoft.Extensions.AI.</summary>
public static class ToolSet
{
    private static readonly AIJsonSchemaCreateOptions Schemas = new() { TransformSchemaNode = (_, node) => Shorten(node) };

    /// <summary>How arguments and results are written as JSON: snake case, nothing for null.</summary>
    public static JsonSerializerOptions Json { get; } = CreateJson();

    /// <summary>
    /// Makes the tools of a session, sorted by name. Each returns a <see cref="ToolResult"/>, or throws <see cref="ToolException"/> with
    /// words for the model. Progress goes to the <see cref="IProgress{T}"/> of string found in <see cref="AIFunctionArguments.Context"/>
    /// under the key <c>typeof(IProgress&lt;string&gt;)</c>, if there is one.
    /// </summary>
    public static IReadOnlyList<AIFunction> Create(SandboxSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var sandboxes = new SandboxTools(session);
        var files = new FileTools(session);
        return
        [
            Describe("create_sandbox", sandboxes.CreateAsync, """{"timeout_seconds": 1800}"""),
            Describe("kill_sandbox", sandboxes.KillAsync, """{}"""),
            Describe("list_files", files.ListAsync, """{"path": "/home/user", "depth": 2}"""),
            Describe("list_sandboxes", sandboxes.ListAsync, """{}"""),
            Describe("read_file", files.ReadAsync, """{"path": "/home/user/notes.txt", "start_line": 1}"""),
            Describe("run_command", sandboxes.RunAsync, """{"command": "python3 --version"}"""),
            Describe("write_file", files.WriteAsync, """{"path": "/home/user/hello.py", "content": "print('hello')"}"""),
        ];
    }

    private static Tool Describe(string name, Delegate method, string example) => new(
        AIFunctionFactory.Create(method, new AIFunctionFactoryOptions
        {
            Name = name,
            SerializerOptions = Json,
            JsonSchemaCreateOptions = Schemas,
            MarshalResult = (result, _, _) => ValueTask.FromResult(result),
            ConfigureParameterBinding = parameter => parameter.ParameterType != typeof(IProgress<string>)
                ? default
                : new() { ExcludeFromSchema = true, BindParameter = (_, arguments) => Progress(arguments) },
        }),
        example);

    private static object? Progress(AIFunctionArguments arguments) =>
        arguments.Context?.TryGetValue(typeof(IProgress<string>), out var progress) == true ? progress : null;

    private static JsonSerializerOptions CreateJson()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.MakeReadOnly();
        return options;
    }

    // Absent and null mean the same here, so "or null" only costs tokens in every tool list.
    private static JsonNode Shorten(JsonNode node)
    {
        if (node is not JsonObject schema) return node;
        if (schema["type"] is JsonArray types && types.FirstOrDefault(type => type!.GetValue<string>() != "null") is { } type)
            schema["type"] = type.GetValue<string>();
        if (schema.TryGetPropertyValue("default", out var value) && value is null) schema.Remove("default");
        return schema;
    }
}
