using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace Moru.Evals;

/// <summary>Counts tokens as the o200k models do, of requests in the form in which APIs take them.</summary>
internal static class Tokens
{
    // What the markers around a message cost.
    private const int PerMessage = 4;

    private static readonly TiktokenTokenizer Tokenizer = TiktokenTokenizer.CreateForEncoding("o200k_base");

    public static int Count(string text) => Tokenizer.CountTokens(text);

    public static int Of(IEnumerable<AITool> tools) => tools.OfType<AIFunctionDeclaration>().Sum(tool => Count(new JsonObject
    {
        ["name"] = tool.Name,
        ["description"] = tool.Description,
        ["parameters"] = JsonNode.Parse(tool.JsonSchema.GetRawText()),
    }.ToJsonString()));

    public static int Of(ChatMessage message) => PerMessage + message.Contents.Sum(Of);

    private static int Of(AIContent content) => content switch
    {
        TextContent text => Count(text.Text),
        FunctionCallContent call => Count(call.Name) + Count(JsonSerializer.Serialize(call.Arguments)),
        FunctionResultContent result => Count(Recorder.TextOf(result)),
        _ => 0,
    };
}
