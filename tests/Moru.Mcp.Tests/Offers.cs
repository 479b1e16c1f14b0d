using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>Prompts, resources and capabilities as clients meet them; tools are in <see cref="ToolList"/>.</summary>
public sealed partial class Offers(FaceWithoutServer face) : IClassFixture<FaceWithoutServer>
{
    private static readonly JsonSerializerOptions Readable = new(McpJsonUtilities.DefaultOptions) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prompts_resources_and_instructions_are_what_review_has_seen()
    {
        var prompts = await face.Client.ListPromptsAsync(cancellationToken: Cancelled);
        var resources = await face.Client.ListResourcesAsync(cancellationToken: Cancelled);
        var templates = await face.Client.ListResourceTemplatesAsync(cancellationToken: Cancelled);

        Snapshot.Matches(JsonSerializer.Serialize(new
        {
            Server = new { face.Client.ServerInfo!.Name, face.Client.ServerInfo.Title, face.Client.ServerInfo.Icons },
            Instructions = face.Client.ServerInstructions,
            Capabilities = face.Client.ServerCapabilities,
            Prompts = prompts.Select(prompt => prompt.ProtocolPrompt).OrderBy(prompt => prompt.Name, StringComparer.Ordinal),
            Resources = resources.Select(resource => resource.ProtocolResource),
            Templates = templates.Select(template => template.ProtocolResourceTemplate),
        }, Readable), "Offers");
    }

    [Fact]
    public async Task All_but_tools_have_an_icon_that_can_be_drawn()
    {
        var icons = new[] { face.Client.ServerInfo!.Icons }
            .Concat((await face.Client.ListPromptsAsync(cancellationToken: Cancelled)).Select(prompt => prompt.ProtocolPrompt.Icons))
            .Concat((await face.Client.ListResourcesAsync(cancellationToken: Cancelled)).Select(resource => resource.ProtocolResource.Icons))
            .Concat((await face.Client.ListResourceTemplatesAsync(cancellationToken: Cancelled)).Select(template => template.ProtocolResourceTemplate.Icons));

        Assert.All(icons, some =>
        {
            var source = Assert.Single(some!).Source;
            Assert.InRange(source.Length, 100, 500);
            Assert.Equal("svg", XElement.Parse(Uri.UnescapeDataString(source["data:image/svg+xml,".Length..])).Name.LocalName);
        });
    }

    [Fact]
    public async Task Another_start_describes_itself_in_the_same_words()
    {
        await using var other = new FaceWithoutServer();
        await other.InitializeAsync();

        Assert.Equal(await DescribeAsync(face.Client), await DescribeAsync(other.Client));
    }

    [Fact]
    public async Task Every_prompt_holds_what_it_was_given_and_names_only_tools_that_there_are()
    {
        var tools = (await face.Client.ListToolsAsync(cancellationToken: Cancelled)).Select(tool => tool.Name).ToList();
        foreach (var prompt in await face.Client.ListPromptsAsync(cancellationToken: Cancelled))
        {
            var given = prompt.ProtocolPrompt.Arguments!.ToDictionary(argument => argument.Name, object? (argument) => $"<{argument.Name}>");
            var message = Assert.Single((await prompt.GetAsync(given, cancellationToken: Cancelled)).Messages);
            var text = Assert.IsType<TextContentBlock>(message.Content).Text;

            Assert.All(given.Values, value => Assert.Contains((string)value!, text, StringComparison.Ordinal));
            Assert.DoesNotContain("{", text, StringComparison.Ordinal);
            Assert.All(ToolNames().Matches(text).Select(match => match.Groups[1].Value), name => Assert.Contains(name, tools));
        }
    }

    [Fact]
    public async Task A_prompt_names_the_argument_that_it_lacks()
    {
        var error = await Assert.ThrowsAsync<McpProtocolException>(async () => await face.Client.GetPromptAsync("fix_repository", new Dictionary<string, object?> { ["repository"] = "r" }, cancellationToken: Cancelled));

        Assert.Contains("needs `problem`", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_of_nobodys_is_refused_when_there_is_a_server_to_ask()
    {
        var error = await Record.ExceptionAsync(async () => await face.Client.ListResourcesAsync(new ListResourcesRequestParams { Cursor = "nonsense" }, Cancelled));

        Assert.IsAssignableFrom<McpException>(error);
    }

    private static async Task<string> DescribeAsync(McpClient client) => JsonSerializer.Serialize(new
    {
        client.ServerInstructions,
        Tools = (await client.ListToolsAsync(cancellationToken: Cancelled)).Select(tool => tool.ProtocolTool),
        Prompts = (await client.ListPromptsAsync(cancellationToken: Cancelled)).Select(prompt => prompt.ProtocolPrompt),
        Templates = (await client.ListResourceTemplatesAsync(cancellationToken: Cancelled)).Select(template => template.ProtocolResourceTemplate),
    }, McpJsonUtilities.DefaultOptions);

    [GeneratedRegex("`([a-z]+_[a-z_]+)`")]
    private static partial Regex ToolNames();
}
