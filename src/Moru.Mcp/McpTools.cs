using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;
using Tool = ModelContextProtocol.Protocol.Tool;

namespace Moru.Mcp;

/// <summary>The tools as MCP shows them: each with a title and hints, structured content for programs and plain text for models.</summary>
internal static class McpTools
{
    public static McpServerPrimitiveCollection<McpServerTool> Create(McpSession session, Toolsets toolsets)
    {
        var collection = new McpServerPrimitiveCollection<McpServerTool>();
        foreach (var tool in ToolSet.Create(session.Sandboxes, toolsets)) collection.Add(new McpTool(tool, Describe(tool), session));
        return collection;
    }

    /// <summary>
    /// Both forms of a result. The text says what the structured content says, but as lines instead of escaped JSON: a model reads
    /// output and files at half the tokens.
    /// </summary>
    /// <param name="result">What the tool returned.</param>
    /// <param name="links">Whether the client knows links to resources: pictures that are smaller copies link to their originals.</param>
    public static CallToolResult Show(ToolResult result, bool links) => new()
    {
        Content =
        [
            new TextContentBlock { Text = result.ToString() },
            .. result.Images.Select(image => ImageContentBlock.FromBytes(image.Data, image.MediaType)),
            .. links && result is SandboxResult { SandboxId: { } sandbox } inSandbox ? inSandbox.Originals.Select(file => Link(sandbox, file)) : [],
        ],
        StructuredContent = JsonSerializer.SerializeToElement(result, ToolSet.Json.GetTypeInfo(result.GetType())),
        IsError = result.IsError,
    };

    private static ResourceLinkBlock Link(string sandboxId, ToolFile file) => new()
    {
        Uri = ResourceAddress.OfFile(sandboxId, file.Path),
        Name = file.Path[(file.Path.LastIndexOf('/') + 1)..],
        MimeType = file.MediaType,
        Size = file.SizeBytes,
    };

    /// <summary>A tool as it stands in the list.</summary>
    public static Tool Describe(Tools.Tool tool) => new()
    {
        Name = tool.Name,
        Title = tool.Title,
        Description = tool.Description,
        InputSchema = tool.JsonSchema,
        OutputSchema = tool.ReturnJsonSchema,
        Annotations = Hints(tool),
    };

    // What reads only is harmless anywhere, so more need not be said of it; nor what is MCP's default, but the effect always is.
    private static ToolAnnotations Hints(Tools.Tool tool) => new()
    {
        ReadOnlyHint = tool.Effect == ToolEffect.ReadOnly ? true : null,
        DestructiveHint = tool.Effect == ToolEffect.ReadOnly ? null : tool.Effect != ToolEffect.Adds,
        IdempotentHint = tool.Effect == ToolEffect.DestroysOnce ? true : null,
        OpenWorldHint = tool.Effect == ToolEffect.ReadOnly && !tool.OpenWorld ? null : tool.OpenWorld,
    };
}
