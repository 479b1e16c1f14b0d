using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Moru.AgentSamples;

/// <summary>
/// A model that follows a script, so that agents run offline and the same each time. Every turn sees the conversation so far and answers
/// with text or with calls; a turn beyond the script is an error.
/// </summary>
public sealed class ScriptedModel(params ScriptedModel.Turn[] script) : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new("scripted", null, "scripted");

    private readonly List<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> requests = [];

    /// <summary>One answer of the model.</summary>
    public delegate ChatMessage Turn(IReadOnlyList<ChatMessage> conversation);

    /// <summary>What the model was asked, request by request.</summary>
    public IReadOnlyList<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options)> Requests => requests;

    /// <summary>The model answers with text.</summary>
    public static Turn Say(string text) => _ => new ChatMessage(ChatRole.Assistant, text);

    /// <summary>The model answers with text that it makes from the result of the last call.</summary>
    public static Turn Say(Func<string, string> text) => conversation => new ChatMessage(ChatRole.Assistant, text(LastResult(conversation)));

    /// <summary>The model calls a tool.</summary>
    public static Turn Call(string tool, params (string Name, object? Value)[] arguments) => conversation =>
        new ChatMessage(ChatRole.Assistant, [new FunctionCallContent($"call_{conversation.Count}", tool, arguments.ToDictionary(pair => pair.Name, pair => pair.Value))]);

    /// <summary>What the last call in a conversation returned, as text.</summary>
    public static string LastResult(IEnumerable<ChatMessage> conversation) => conversation.SelectMany(message => message.Contents).OfType<FunctionResultContent>().LastOrDefault()?.Result switch
    {
        null => "",
        IEnumerable<AIContent> contents => string.Concat(contents.OfType<TextContent>()),
        var result => result.ToString() ?? "",
    };

    /// <summary>The first line that a program wrote, without the mark around it.</summary>
    public static string FirstLine(string result) => result.Split('\n').First(line => line != "<untrusted>").Trim();

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var conversation = messages.ToList();
        requests.Add((conversation, options));
        if (requests.Count > script.Length)
            throw new InvalidOperationException($"The script has {script.Length} turns and the model was asked once more. The last result: {LastResult(conversation)}");
        return Task.FromResult(new ChatResponse(script[requests.Count - 1](conversation)) { ModelId = "scripted" });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var content in response.Messages[0].Contents.SelectMany(Pieces))
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content]) { ModelId = "scripted" };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) ? Metadata : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing to let go of.
    }

    // Models stream text in pieces of words.
    private static IEnumerable<AIContent> Pieces(AIContent content) =>
        content is TextContent text ? text.Text.Chunk(7).Select(piece => new TextContent(new string(piece))) : [content];
}
