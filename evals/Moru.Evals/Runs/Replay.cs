using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Moru.Agents;

namespace Moru.Evals;

/// <summary>Makes the calls of a trajectory again, in a fresh sandbox.</summary>
internal sealed partial class Replay(MoruClient client)
{
    /// <summary>Returns what differs: the results and file changes of each call are compared.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(EvalTask task, IReadOnlyList<TrajectoryLine> trajectory, CancellationToken cancellationToken)
    {
        await using var place = await Workplace.PrepareAsync(client, task, cancellationToken);
        var sandbox = place.Sandbox;
        await using var moru = new MoruTools(AgentSandbox.Bind(client, sandbox), ChatFace.Options(task) with { Toolsets = Tools.Toolsets.All });
        var tools = moru.Functions.ToDictionary(tool => tool.Name);
        var differences = new List<string>();
        var before = await FileState.CaptureAsync(sandbox, cancellationToken);
        foreach (var (call, number) in trajectory.OfType<CallLine>().Select((call, index) => (call, index + 1)))
        {
            if (!tools.TryGetValue(call.Tool, out var tool))
            {
                differences.Add($"call {number}: there is no tool {call.Tool}");
                continue;
            }

            var arguments = new AIFunctionArguments(call.Arguments.ToDictionary(pair => pair.Key, pair => (object?)pair.Value));
            var result = (await tool.InvokeAsync(arguments, cancellationToken))?.ToString() ?? "";
            var after = await FileState.CaptureAsync(sandbox, cancellationToken);
            if (Neutral(result) != Neutral(call.Result)) differences.Add($"call {number}, {call.Tool}: '{result}' in place of '{call.Result}'");
            if (!FileState.Changes(before, after).Order(ByPath).SequenceEqual(call.Files.Order(ByPath))) differences.Add($"call {number}, {call.Tool}: other files changed");
            before = after;
        }

        return differences;
    }

    private static readonly Comparer<FileChange> ByPath = Comparer<FileChange>.Create((left, right) => string.CompareOrdinal(left.Path, right.Path));

    /// <summary>A result without what is each sandbox's own: its id, and the process ids that it gave out.</summary>
    internal static string Neutral(string result) => ProcessId().Replace(SandboxId().Replace(result, "SANDBOX"), "PID");

    [GeneratedRegex(@"\bi[a-z0-9]{20}\b")]
    private static partial Regex SandboxId();

    [GeneratedRegex(@"(?<=\bpid\b\W{0,3}|\bprocess |/\.moru/)\d+")]
    private static partial Regex ProcessId();
}
