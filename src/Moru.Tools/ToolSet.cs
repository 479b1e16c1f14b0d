using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;
using static Moru.Tools.ToolEffect;
using static Moru.Tools.Toolsets;

namespace Moru.Tools;

/// <summary>Everything a model can call, as functions of Microsoft.Extensions.AI.</summary>
public static class ToolSet
{
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
        var commands = new CommandTools(session);
        var files = new FileTools(session);
        var code = new CodeTools(session);
        var terminals = new TerminalTools(session);
        var templates = new TemplateTools(session);
        var volumes = new VolumeTools(session);
        Tool[] all =
        [
            Describe(Templates, "build_template", "Build template", DestroysOnce, templates.BuildAsync, """{"name": "tools", "dockerfile": "FROM debian:12\\nRUN apt-get update"}""", openWorld: true),
            Describe(Core | Admin, "create_sandbox", "Create sandbox", Adds, sandboxes.CreateAsync, """{"timeout_seconds": 1800}"""),
            Describe(Templates, "delete_template", "Delete template", DestroysOnce, templates.DeleteAsync, """{"template": "tools"}"""),
            Describe(Core | Files, "edit_file", "Edit file", Destroys, files.EditAsync, """{"path": "app.py", "old_text": "debug = True", "new_text": "debug = False"}"""),
            Describe(Files, "get_file_url", "Get file URL", ReadOnly, sandboxes.FileUrlAsync, """{"path": "/home/user/report.pdf"}"""),
            Describe(Core, "get_url", "Get URL", ReadOnly, sandboxes.UrlAsync, """{"port": 8000}"""),
            Describe(Admin, "inspect_sandbox", "Inspect sandbox", ReadOnly, sandboxes.InspectAsync, """{}"""),
            Describe(Core | Commands | Pty, "kill_command", "Kill command", DestroysOnce, commands.KillAsync, """{"pid": 412}"""),
            Describe(Core | Admin, "kill_sandbox", "Kill sandbox", DestroysOnce, sandboxes.KillAsync, """{}"""),
            Describe(Commands, "list_commands", "List commands", ReadOnly, commands.ListAsync, """{}"""),
            Describe(Files, "list_files", "List files", ReadOnly, files.ListAsync, """{"path": "/home/user", "depth": 2}"""),
            Describe(Core | Admin, "list_sandboxes", "List sandboxes", ReadOnly, sandboxes.ListAsync, """{}"""),
            Describe(Templates, "list_templates", "List templates", ReadOnly, templates.ListAsync, """{}"""),
            Describe(Volumes, "manage_volume", "Manage volume", DestroysOnce, volumes.ManageAsync, """{"action": "create", "volume": "data"}"""),
            Describe(Files, "move_file", "Move file", Destroys, files.MoveAsync, """{"path": "draft.txt", "destination": "done/final.txt"}"""),
            Describe(Pty, "open_terminal", "Open terminal", Adds, terminals.OpenAsync, """{"command": "python3"}""", openWorld: true),
            Describe(Admin, "pause_sandbox", "Pause sandbox", DestroysOnce, sandboxes.PauseAsync, """{}"""),
            Describe(Templates, "read_build", "Read build", ReadOnly, templates.ReadAsync, """{"template_id": "ID", "build_id": "ID", "wait_seconds": 45}"""),
            Describe(Core | Files, "read_file", "Read file", ReadOnly, files.ReadAsync, """{"path": "/home/user/notes.txt", "start_line": 1}"""),
            Describe(Core | Commands, "read_output", "Read output", ReadOnly, commands.ReadAsync, """{"pid": 412, "wait_seconds": 30}"""),
            Describe(Files, "remove_file", "Remove file", DestroysOnce, files.RemoveAsync, """{"path": "old.log"}"""),
            Describe(Core | Code, "run_code", "Run code", Destroys, code.RunAsync, """{"code": "import math\\nmath.pi"}""", openWorld: true),
            Describe(Core | Commands, "run_command", "Run command", Destroys, commands.RunAsync, """{"command": "python3 --version"}""", openWorld: true),
            Describe(Files, "search_files", "Search files", ReadOnly, files.SearchAsync, """{"content": "def main", "name": "*.py"}"""),
            Describe(Commands, "send_input", "Send input", Destroys, commands.SendAsync, """{"pid": 412, "text": "yes\\n"}"""),
            Describe(Admin, "set_timeout", "Set timeout", DestroysOnce, sandboxes.SetTimeoutAsync, """{"timeout_seconds": 3600}"""),
            Describe(Pty, "use_terminal", "Use terminal", Destroys, terminals.UseAsync, """{"pid": 412, "text": "ls\\n"}""", openWorld: true),
            Describe(Volumes, "volume_file", "Volume file", DestroysOnce, volumes.FileAsync, """{"volume": "data", "action": "read", "path": "/notes.txt"}"""),
            Describe(Files, "watch_files", "Watch files", ReadOnly, files.WatchAsync, """{"path": "/home/user", "wait_seconds": 30}"""),
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
        JsonSchemaCreateOptions = ToolSchemas.Options,
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
            TypeInfoResolver = JsonTypeInfoResolver.Combine(ToolJson.Default, AIJsonUtilities.DefaultOptions.TypeInfoResolver),
        };
        options.MakeReadOnly();
        return options;
    }
}
