using System.Text;
using Microsoft.Extensions.AI;

namespace Moru.Agents;

/// <summary>Calls of the interpreter in their two forms: functions, which every model can call, and the standard contents, which applications read.</summary>
internal sealed class CodeInterpreterContents
{
    public const string FunctionName = "code_interpreter";
    public const string Code = "code";

    private const string PythonType = "text/x-python";

    private readonly Dictionary<string, IList<AIContent>> outputs = [];
    private readonly HashSet<string> calls = [];

    /// <summary>Remembers what a call showed besides its text.</summary>
    public void Add(string callId, IList<AIContent> shown)
    {
        lock (outputs) outputs[callId] = shown;
    }

    public IList<AIContent> ToStandard(IList<AIContent> contents) => [.. contents.Select(ToStandard)];

    public static IEnumerable<ChatMessage> ToFunctions(IEnumerable<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            if (!message.Contents.Any(content => content is CodeInterpreterToolCallContent or CodeInterpreterToolResultContent))
            {
                yield return message;
                continue;
            }

            var copy = message.Clone();
            copy.Contents = [.. message.Contents.Select(ToFunction)];
            yield return copy;
        }
    }

    private AIContent ToStandard(AIContent content)
    {
        switch (content)
        {
            case FunctionCallContent { Name: FunctionName } call:
                calls.Add(call.CallId);
                var code = call.Arguments?.TryGetValue(Code, out var value) == true ? value?.ToString() ?? "" : "";
                return new CodeInterpreterToolCallContent(call.CallId) { Inputs = [new DataContent(Encoding.UTF8.GetBytes(code), PythonType)] };

            case FunctionResultContent result when calls.Contains(result.CallId):
                lock (outputs)
                {
                    return new CodeInterpreterToolResultContent(result.CallId)
                    {
                        Outputs = [new TextContent(result.Result?.ToString()), .. outputs.GetValueOrDefault(result.CallId) ?? []],
                    };
                }

            default:
                return content;
        }
    }

    private static AIContent ToFunction(AIContent content) => content switch
    {
        CodeInterpreterToolCallContent call => new FunctionCallContent(call.CallId, FunctionName, new Dictionary<string, object?>
        {
            [Code] = string.Concat((call.Inputs ?? []).OfType<DataContent>().Select(input => Encoding.UTF8.GetString(input.Data.Span))),
        }) { InformationalOnly = true },
        CodeInterpreterToolResultContent result => new FunctionResultContent(result.CallId, string.Concat((result.Outputs ?? []).OfType<TextContent>())),
        _ => content,
    };
}
