using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp.Tests;

/// <summary>Adds what the suite needs to what a session offers, on the same handlers and filters.</summary>
internal static class FixtureOffers
{
    public static void Add(McpServerOptions options)
    {
        options.ToolCollection = [.. options.ToolCollection!, .. Fixtures.Tools, .. InputFixtures.Tools, .. TaskFixtures.Tools];
        options.PromptCollection = [.. options.PromptCollection!, .. Prompts, InputFixtures.Prompt];
        var (list, read, subscribe, unsubscribe) = (options.Handlers.ListResourcesHandler!, options.Handlers.ReadResourceHandler!, options.Handlers.SubscribeToResourcesHandler!, options.Handlers.UnsubscribeFromResourcesHandler!);
        options.Handlers.ListResourcesHandler = async (request, cancel) =>
        {
            var result = await list(request, cancel);
            result.Resources = [.. result.Resources, Resource("test://static-text"), Resource("test://static-binary"), Resource("test://watched-resource")];
            return result;
        };
        options.Handlers.ReadResourceHandler = async (request, cancel) =>
            Read(request.Params!.Uri) is { } content ? new ReadResourceResult { Contents = [content] } : await read(request, cancel);
        options.Handlers.SubscribeToResourcesHandler = async (request, cancel) => request.Params!.Uri == "test://watched-resource" ? new EmptyResult() : await subscribe(request, cancel);
        options.Handlers.UnsubscribeFromResourcesHandler = async (request, cancel) => request.Params!.Uri == "test://watched-resource" ? new EmptyResult() : await unsubscribe(request, cancel);
    }

    private static IEnumerable<McpServerPrompt> Prompts =>
    [
        new FixturePrompt("test_simple_prompt", _ => [Say(Fixtures.Text("This is a simple prompt for testing."))]),
        new FixturePrompt("test_prompt_with_arguments", request => [Say(Fixtures.Text($"Prompt with arguments: arg1='{request.Params!.Arguments!["arg1"]}', arg2='{request.Params.Arguments["arg2"]}'"))], "arg1", "arg2"),
        new FixturePrompt("test_prompt_with_embedded_resource", request =>
        [
            Say(Fixtures.Embedded(request.Params!.Arguments!["resourceUri"].ToString(), "text/plain", "Embedded resource content for testing.")),
            Say(Fixtures.Text("Please process the embedded resource above.")),
        ], "resourceUri"),
        new FixturePrompt("test_prompt_with_image", _ => [Say(ImageContentBlock.FromBytes(Fixtures.Png, "image/png")), Say(Fixtures.Text("Please analyze the image above."))]),
    ];

    private static PromptMessage Say(ContentBlock content) => new() { Role = Role.User, Content = content };

    private static Resource Resource(string uri) => new() { Uri = uri, Name = uri, Description = "The suite's fixture." };

    private static ResourceContents? Read(string uri) => uri switch
    {
        "test://static-text" => new TextResourceContents { Uri = uri, MimeType = "text/plain", Text = "This is the content of the static text resource." },
        "test://static-binary" => BlobResourceContents.FromBytes(Fixtures.Png, uri, "image/png"),
        _ when uri.StartsWith("test://template/", StringComparison.Ordinal) && uri.Split('/') is [_, _, _, var id, "data"] =>
            new TextResourceContents { Uri = uri, MimeType = "application/json", Text = $$"""{"id":"{{id}}","templateTest":true,"data":"Data for ID: {{id}}"}""" },
        _ => null,
    };
}
