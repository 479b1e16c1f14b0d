using System.ClientModel;
using Anthropic;
using Microsoft.Extensions.AI;
using OllamaSharp;

namespace Moru.AgentSamples;

/// <summary>The model that a sample talks to: a script, unless <c>MORU_MODEL</c> names a real one.</summary>
public static class Model
{
    /// <summary>
    /// Reads <c>MORU_MODEL</c>: <c>openai:NAME</c> for anything that speaks OpenAI's protocol (<c>OPENAI_API_KEY</c>, <c>OPENAI_BASE_URL</c>),
    /// <c>anthropic:NAME</c> (<c>ANTHROPIC_API_KEY</c>) or <c>ollama:NAME</c> (<c>OLLAMA_HOST</c>).
    /// </summary>
    /// <exception cref="ArgumentException">It names no known kind of model, or a key is missing.</exception>
    public static IChatClient FromEnvironment(ScriptedModel.Turn[] script) => Variable("MORU_MODEL")?.Split(':', 2) switch
    {
        null => new ScriptedModel(script),
        ["openai", var name] => OpenAI(name),
        ["anthropic", var name] => new AnthropicClient { ApiKey = Needed("ANTHROPIC_API_KEY") }.AsIChatClient(name),
        ["ollama", var name] => new OllamaApiClient(new Uri(Variable("OLLAMA_HOST") ?? "http://localhost:11434"), name),
        _ => throw new ArgumentException("MORU_MODEL must be openai:NAME, anthropic:NAME or ollama:NAME."),
    };

    private static IChatClient OpenAI(string name)
    {
        var options = new OpenAI.OpenAIClientOptions();
        if (Variable("OPENAI_BASE_URL") is { } url) options.Endpoint = new Uri(url);
        return new OpenAI.Chat.ChatClient(name, new ApiKeyCredential(Needed("OPENAI_API_KEY")), options).AsIChatClient();
    }

    private static string Needed(string name) => Variable(name) ?? throw new ArgumentException($"This model needs {name}.");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
