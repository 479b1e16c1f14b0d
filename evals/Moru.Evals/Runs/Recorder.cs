using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>Stands before the model and writes down what passes: whatever the face, calls come out of it and results go in.</summary>
internal sealed partial class Recorder(IChatClient model, IFace face, Sandbox sandbox) : DelegatingChatClient(model)
{
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly List<CallLine> calls = [];
    private List<FunctionCallContent> waiting = [];
    private IReadOnlyDictionary<string, string>? files;
    private TimeSpan overhead;
    private long answered;

    public int Turns { get; private set; }

    public int ToolCalls => calls.Count;

    public long TokensIn { get; private set; }

    public long TokensOut { get; private set; }

    /// <summary>How many tools the model is offered.</summary>
    public int ListTools { get; private set; }

    /// <summary>What that list costs in every turn.</summary>
    public long ListTokens { get; private set; }

    /// <summary>Since the start, without the looking at files.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started) - overhead;

    public IReadOnlyList<CallLine> Calls => calls;

    public static string TextOf(FunctionResultContent result) => result.Result switch
    {
        null => "",
        string text => text,
        IEnumerable<AIContent> contents => string.Concat(contents.OfType<TextContent>()),
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        var other => other.ToString() ?? "",
    };

    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var conversation = messages.ToList();
        await TakeResultsAsync(conversation, cancellationToken);
        var response = await base.GetResponseAsync(conversation, options, cancellationToken);

        Turns++;
        (ListTools, ListTokens) = face.List ?? (options?.Tools?.Count ?? 0, Tokens.Of(options?.Tools ?? []));
        TokensIn += response.Usage?.InputTokenCount ?? Tokens.Count(options?.Instructions ?? "") + ListTokens + conversation.Sum(Tokens.Of);
        TokensOut += response.Usage?.OutputTokenCount ?? response.Messages.Sum(Tokens.Of);
        waiting = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
        answered = Stopwatch.GetTimestamp();
        return response;
    }

    private async Task TakeResultsAsync(List<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        var milliseconds = answered == 0 ? 0 : Stopwatch.GetElapsedTime(answered).TotalMilliseconds;
        var looking = Stopwatch.GetTimestamp();
        var now = await FileState.CaptureAsync(sandbox, cancellationToken);
        var changes = FileState.Changes(files ?? now, now);
        files = now;
        foreach (var call in waiting)
        {
            var result = conversation.SelectMany(message => message.Contents).OfType<FunctionResultContent>().LastOrDefault(each => each.CallId == call.CallId);
            var text = result is null ? "" : TextOf(result);
            var arguments = (call.Arguments ?? new Dictionary<string, object?>()).ToDictionary(pair => pair.Key, pair => JsonSerializer.SerializeToElement(pair.Value));
            calls.Add(new CallLine(Turns, face.Canonical(call.Name), arguments, text, ExitCode(text), Math.Round(milliseconds, 1), changes));
            changes = []; // of calls made together, the first stands for all
        }

        waiting = [];
        overhead += Stopwatch.GetElapsedTime(looking);
    }

    private static int? ExitCode(string result) =>
        ExitLine().Match(result) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\[exit code (-?\d+)\]")]
    private static partial Regex ExitLine();
}
