using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace Moru.Evals;

/// <summary>Tries tasks through faces, several tasks at a time.</summary>
/// <param name="client">Where.</param>
/// <param name="faces">How.</param>
/// <param name="model">Who; null: each task's own script.</param>
internal sealed class Suite(MoruClient client, IReadOnlyList<IFace> faces, IChatClient? model = null)
{
    /// <summary>Tries each task through each face that can do it. The faces take turns, because what a task makes on the server has one name.</summary>
    public async Task<IReadOnlyList<Outcome>> TryAsync(IEnumerable<EvalTask> tasks, int parallel, Action<Outcome> onOutcome, CancellationToken cancellationToken)
    {
        var outcomes = new ConcurrentQueue<Outcome>();
        // Builds share the steps that they have in common, so that one of them must not be deleted while another goes on: those tasks are one line.
        var lines = tasks.GroupBy(task => task.Builds is null ? task.Id : "builds");
        await Parallel.ForEachAsync(lines, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken }, async (line, cancel) =>
        {
            foreach (var (task, face) in line.SelectMany(task => faces.Where(face => model is not null || face.CanDo(task)).Select(face => (task, face))))
            {
                var outcome = await new EvalRun(client).TryAsync(task, face, model, cancel);
                outcomes.Enqueue(outcome);
                lock (faces) onOutcome(outcome);
            }
        });
        return [.. outcomes];
    }
}
