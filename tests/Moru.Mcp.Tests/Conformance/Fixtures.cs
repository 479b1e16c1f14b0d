using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp.Tests;

/// <summary>Tools of the suite that answer in one step, or talk to the client as servers did before the newest revision.</summary>
internal static class Fixtures
{
    public static readonly byte[] Png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==");

    private static readonly byte[] Wav = [.. "RIFF"u8, 36, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0, .. "data"u8, 0, 0, 0, 0];

    public static IEnumerable<McpServerTool> Tools =>
    [
        new FixtureTool("test_simple_text", (_, _) => Answer(Text("This is a simple text response for testing."))),
        new FixtureTool("test_image_content", (_, _) => Answer(ImageContentBlock.FromBytes(Png, "image/png"))),
        new FixtureTool("test_audio_content", (_, _) => Answer(AudioContentBlock.FromBytes(Wav, "audio/wav"))),
        new FixtureTool("test_embedded_resource", (_, _) => Answer(Embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))),
        new FixtureTool("test_multiple_content_types", (_, _) => Answer(
            Text("Multiple content types test:"), ImageContentBlock.FromBytes(Png, "image/png"), Embedded("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""))),
        new FixtureTool("test_error_handling", (_, _) => throw new ToolException("This tool intentionally returns an error for testing")),
        new FixtureTool("test_tool_with_logging", LogAsync),
        new FixtureTool("test_logging_tool", (_, _) => Answer(Text("logged"))),
        new FixtureTool("test_tool_with_progress", ProgressAsync),
        new FixtureTool("test_sampling", SampleAsync, """{"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]}"""),
        new FixtureTool("test_elicitation", async (request, cancel) => await ElicitAsync(request, "User response", request.Params!.Arguments!["message"].GetString()!, Form(("username", Word()), ("email", Word())), cancel),
            """{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}"""),
        new FixtureTool("test_elicitation_sep1034_defaults", async (request, cancel) => await ElicitAsync(request, "Elicitation completed", "Defaults", Form(
            ("name", new ElicitRequestParams.StringSchema { Default = "John Doe" }),
            ("age", new ElicitRequestParams.NumberSchema { Type = "integer", Default = 30 }),
            ("score", new ElicitRequestParams.NumberSchema { Default = 95.5 }),
            ("status", new ElicitRequestParams.UntitledSingleSelectEnumSchema { Enum = ["active", "inactive", "pending"], Default = "active" }),
            ("verified", new ElicitRequestParams.BooleanSchema { Default = true })), cancel)),
        new FixtureTool("test_elicitation_sep1330_enums", async (request, cancel) => await ElicitAsync(request, "Elicitation completed", "Enums", Enums(), cancel)),
        new FixtureTool("test_missing_capability", (request, _) => request.Server.ClientCapabilities?.Sampling is null
            ? throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new SamplingCapability() }, "sampling is needed")
            : Done("there")),
        new FixtureTool("test_streaming_elicitation", (_, _) => Answer(Text("streamed"))),
        new FixtureTool("test_trigger_tool_change", (_, _) => Answer(Text("changed"))),
    ];

    public static ValueTask<CallToolResult> Answer(params ContentBlock[] content) => ValueTask.FromResult(new CallToolResult { Content = content });

    public static ValueTask<CallToolResult> Done(string text) => Answer(Text(text));

    public static TextContentBlock Text(string text) => new() { Text = text };

    public static ElicitRequestParams.RequestSchema Form(params (string Name, ElicitRequestParams.PrimitiveSchemaDefinition Schema)[] properties) =>
        new() { Properties = properties.ToDictionary(property => property.Name, property => property.Schema), Required = [.. properties.Select(property => property.Name)] };

    public static ElicitRequestParams.StringSchema Word() => new();

    public static EmbeddedResourceBlock Embedded(string uri, string type, string text) => new() { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };

    private static async ValueTask<CallToolResult> LogAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        foreach (var text in (string[])["Tool execution started", "Tool processing data", "Tool execution completed"])
        {
            var message = new LoggingMessageNotificationParams { Level = LoggingLevel.Info, Data = JsonSerializer.SerializeToElement(text) };
            await request.Server.SendNotificationAsync(NotificationMethods.LoggingMessageNotification, message, cancellationToken: cancellationToken);
            await Task.Delay(50, cancellationToken); // the suite asks for it
        }

        return await Answer(Text("done"));
    }

    private static async ValueTask<CallToolResult> ProgressAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        foreach (var progress in (int[])[0, 50, 100])
        {
            if (request.Params?.ProgressToken is { } token)
                await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = progress, Total = 100 }, cancellationToken: cancellationToken);
            await Task.Delay(50, cancellationToken); // the suite asks for it
        }

        return await Answer(Text("done"));
    }

    private static async ValueTask<CallToolResult> SampleAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var question = new CreateMessageRequestParams
        {
            MaxTokens = 100,
            Messages = [new SamplingMessage { Role = Role.User, Content = [Text(request.Params!.Arguments!["prompt"].GetString()!)] }],
        };
        var answer = await request.Server.SampleAsync(question, cancellationToken);
        return await Answer(Text($"LLM response: {answer.Content.OfType<TextContentBlock>().First().Text}"));
    }

    private static async ValueTask<CallToolResult> ElicitAsync(
        RequestContext<CallToolRequestParams> request, string said, string message, ElicitRequestParams.RequestSchema form, CancellationToken cancellationToken)
    {
        var answer = await request.Server.ElicitAsync(new ElicitRequestParams { Message = message, RequestedSchema = form }, cancellationToken);
        return await Answer(Text($"{said}: action={answer.Action}, content={JsonSerializer.Serialize(answer.Content)}"));
    }

    private static ElicitRequestParams.RequestSchema Enums()
    {
        ElicitRequestParams.EnumSchemaOption[] titled = [new() { Const = "value1", Title = "First Option" }, new() { Const = "value2", Title = "Second Option" }, new() { Const = "value3", Title = "Third Option" }];
        string[] plain = ["option1", "option2", "option3"];
        return Form(
            ("untitledSingle", new ElicitRequestParams.UntitledSingleSelectEnumSchema { Enum = plain }),
            ("titledSingle", new ElicitRequestParams.TitledSingleSelectEnumSchema { OneOf = titled }),
#pragma warning disable MCP9001 // clients still know the form that came first
            ("legacyEnum", new ElicitRequestParams.LegacyTitledEnumSchema { Enum = ["opt1", "opt2", "opt3"], EnumNames = ["Option One", "Option Two", "Option Three"] }),
#pragma warning restore MCP9001
            ("untitledMulti", new ElicitRequestParams.UntitledMultiSelectEnumSchema { Items = new() { Enum = plain } }),
            ("titledMulti", new ElicitRequestParams.TitledMultiSelectEnumSchema { Items = new() { AnyOf = titled } }));
    }
}
