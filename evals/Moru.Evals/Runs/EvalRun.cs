using Microsoft.Extensions.AI;
using Moru.AgentSamples;

namespace Moru.Evals;

/// <summary>A task that was tried: what evaluators look at.</summary>
internal sealed record Attempt(EvalTask Task, MoruClient Client, Sandbox Sandbox, Recorder Recorder) : EvaluationContext("attempt");

/// <summary>What came of an attempt.</summary>
internal sealed record Outcome(EvalTask Task, string Face, string Model, EvaluationResult Evaluation, IReadOnlyList<TrajectoryLine> Trajectory)
{
    public bool Success => Evaluation.Get<BooleanMetric>(SuccessEvaluator.Success).Value == true;

    public string? Reason => Evaluation.Get<BooleanMetric>(SuccessEvaluator.Success).Reason;

    public double Number(string metric) => Evaluation.Get<NumericMetric>(metric).Value ?? 0;
}

/// <summary>Tries tasks, each in a sandbox of its own.</summary>
internal sealed class EvalRun(MoruClient client)
{
    private static readonly IEvaluator[] Evaluators = [new SuccessEvaluator(), new EffortEvaluator()];

    /// <summary>Tries a task through a face.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="face">How the model reaches the tools.</param>
    /// <param name="model">The model; null: the task's own solution.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Outcome> TryAsync(EvalTask task, IFace face, IChatClient? model = null, CancellationToken cancellationToken = default)
    {
        await using var place = await Workplace.PrepareAsync(client, task, cancellationToken);
        using var recorder = new Recorder(model ?? Script(task.Solution, face), face, place.Sandbox);
        var response = await AnswerAsync(task, face, recorder, place.Sandbox, cancellationToken);

        var metrics = new List<EvaluationMetric>();
        foreach (var evaluator in Evaluators)
            metrics.AddRange((await evaluator.EvaluateAsync([new(ChatRole.User, task.Prompt)], response, [new Attempt(task, client, place.Sandbox, recorder)], cancellationToken)).Metrics.Values);
        var evaluation = new EvaluationResult(metrics);
        var success = evaluation.Get<BooleanMetric>(SuccessEvaluator.Success);
        var name = model?.GetService<ChatClientMetadata>()?.DefaultModelId ?? "script";
        return new Outcome(task, face.Name, name, evaluation,
            [new TaskLine(task.Id, face.Name, name, task.Prompt), .. recorder.Calls, new AnswerLine(response.Text, success.Value == true, success.Reason)]);
    }

    /// <summary>A model that makes the moves of a script through a face.</summary>
    public static ScriptedModel Script(IEnumerable<Move> moves, IFace face) => new([.. face.Opening.Concat(moves).Select(move => (ScriptedModel.Turn)(conversation => Message(move, conversation, face)))]);

    private static async Task<ChatResponse> AnswerAsync(EvalTask task, IFace face, Recorder recorder, Sandbox sandbox, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Workplace.Limit);
        try
        {
            return await face.RunAsync(recorder, task, sandbox, limit.Token);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, $"[the agent failed: {error.Message}]"));
        }
    }

    private static ChatMessage Message(Move move, IReadOnlyList<ChatMessage> conversation, IFace face)
    {
        var results = conversation.SelectMany(message => message.Contents).OfType<FunctionResultContent>();
        switch (move(new Seen([.. results.Select(result => face.Plain(Recorder.TextOf(result)))])))
        {
            case Step.Say(var text):
                return new ChatMessage(ChatRole.Assistant, text);
            case Step.Call call:
                var translated = face.Translate(call);
                return new ChatMessage(ChatRole.Assistant, [new FunctionCallContent($"call_{conversation.Count}", translated.Tool, translated.Arguments.ToDictionary())]);
            default:
                throw new InvalidOperationException("A move is a call or an answer.");
        }
    }
}
