using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using static Moru.Tools.ToolEffect;
using static Moru.Tools.Toolsets;

namespace Moru.Tools;

/// <summary>Everything a model can call, as functions of Microsoft.Extensions.AI.</summary>
public static class ToolSet
{
    private static readonly AIJsonSchemaCreateOptions Schemas = new() { TransformSchemaNode = (_, node) => Shorten(node) };

    /// <summary>How arguments and results are written as JSON: snake case, nothing for null.</summary>
    public static JsonSerializerOptions Json { get; } = CreateJson();

    /// <summary>
    /// Makes the tools of a session, sorted by name. Progress goes to the <see cref="IProgress{T}"/> of string found in
    /// <see cref="AIFunctionArguments.Context"/> under the key <c>typeof(IProgress&lt;string&gt;)</c>, if there is one.
    /// </summary>
    /// <param name="session">What the tools work on.</param>
    /// <param name="toolsets">Which tools; default the core.</param>
    public static IReadOnlyList<Tool> Create(SandboxSession session, Toolsets toolsets = Toolsets.Core)
    {
        ArgumentNullException.ThrowIfNull(session);
        var sandboxes = new SandboxTools(session);
        var files = new FileTools(session);
        Tool[] all =
        [
            Describe(Core | Admin, "create_sandbox", "Create sandbox", Adds, sandboxes.CreateAsync, """{"timeout_seconds": 1800}"""),
            Describe(Core | Admin, "kill_sandbox", "Kill sandbox", DestroysOnce, sandboxes.KillAsync, """{}"""),
            Describe(Core | Files, "list_files", "List files", ReadOnly, files.ListAsync, """{"path": "/home/user", "depth": 2}"""),
            Describe(Core | Admin, "list_sandboxes", "List sandboxes", ReadOnly, sandboxes.ListAsync, """{}"""),
            Describe(Core | Files, "read_file", "Read file", ReadOnly, files.ReadAsync, """{"path": "/home/user/notes.txt", "start_line": 1}"""),
            Describe(Core | Commands, "run_command", "Run command", Destroys, sandboxes.RunAsync, """{"command": "python3 --version"}""", openWorld: true),
            Describe(Core | Files, "write_file", "Write file", DestroysOnce, files.WriteAsync, """{"path": "/home/user/hello.py", "content": "print('hello')"}"""),
        ];
        return [.. all.Where(tool => (tool.Toolsets & toolsets) != 0)];
    }

    /// <summary>Reads names of toolsets as a user writes them: <c>core,files</c>, in any case.</summary>
    /// <exception cref="InvalidArgumentException">There is no such toolset; the message names those that there are.</exception>
    public static Toolsets Parse(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var known = Enum.GetValues<Toolsets>().Where(set => set != Toolsets.None).ToDictionary(set => set.ToString(), StringComparer.OrdinalIgnoreCase);
        var chosen = Toolsets.None;
        foreach (var name in names.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            chosen |= known.TryGetValue(name, out var set)
                ? set
                : throw new InvalidArgumentException($"There is no toolset '{name}', only {string.Join(", ", known.Keys.Select(key => key.ToLowerInvariant()))}.");
        }

        return chosen != Toolsets.None ? chosen : throw new InvalidArgumentException("Name at least one toolset, such as core.");
    }

    private static Tool Describe(Toolsets toolsets, string name, string title, ToolEffect effect, Delegate method, string example, bool openWorld = false) =>
        new(Function(name, method), example) { Title = title, Toolsets = toolsets, Effect = effect, OpenWorld = openWorld };

    private static AIFunction Function(string name, Delegate method) => AIFunctionFactory.Create(method, new AIFunctionFactoryOptions
    {
        Name = name,
        SerializerOptions = Json,
        JsonSchemaCreateOptions = Schemas,
        MarshalResult = (result, _, _) => ValueTask.FromResult(result),
        ConfigureParameterBinding = parameter => parameter.ParameterType != typeof(IProgress<string>)
            ? default
            : new() { ExcludeFromSchema = true, BindParameter = (_, arguments) => Progress(arguments) },
    });

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
