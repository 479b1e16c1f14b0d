using System.Text.Json;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>The tools as MCP shows them: each with a title and hints, structured content for programs and plain text for models.</summary>
internal static class McpTools
{
    public static McpServerPrimitiveCollection<McpServerTool> Create(SandboxSession session)
    {
        var collection = new McpServerPrimitiveCollection<McpServerTool>();
        foreach (var function in ToolSet.Create(session)) collection.Add(new McpTool(function, Describe(function)));
        return collection;
    }

    /// <summary>
    /// Both forms of a result. The text says what the structured content says, but as lines instead of escaped JSON: a model reads
    /// output and files at half the tokens.
    /// </summary>
    public static CallToolResult Show(ToolResult result) => new()
    {
        Content = [new TextContentBlock { Text = result.ToString() }],
        StructuredContent = JsonSerializer.SerializeToElement(result, result.GetType(), ToolSet.Json),
        IsError = result.IsError,
    };

    private static Tool Describe(AIFunction function)
    {
        var (title, hints) = Hints(function.Name);
        return new Tool
        {
            Name = function.Name,
            Title = title,
            Description = function.Description,
            InputSchema = function.JsonSchema,
            OutputSchema = function.ReturnJsonSchema,
            Annotations = hints,
        };
    }

    // Hints whose value is MCP's default are left out, except where a reader would not expect the default.
    private static (string Title, ToolAnnotations Hints) Hints(string name) => name switch
    {
        "create_sandbox" => ("Create sandbox", new() { DestructiveHint = false, OpenWorldHint = false }),
        "kill_sandbox" => ("Kill sandbox", new() { DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false }),
        "list_files" => ("List files", new() { ReadOnlyHint = true, OpenWorldHint = false }),
        "list_sandboxes" => ("List sandboxes", new() { ReadOnlyHint = true, OpenWorldHint = false }),
        "read_file" => ("Read file", new() { ReadOnlyHint = true, OpenWorldHint = false }),
        "run_command" => ("Run command", new() { DestructiveHint = true, OpenWorldHint = true }),
        "write_file" => ("Write file", new() { DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false }),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Give the new tool a title and hints."),
    };
}
