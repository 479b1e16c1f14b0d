namespace Moru.Evals;

/// <summary>Every task there is.</summary>
internal static class AllTasks
{
    public static IReadOnlyList<EvalTask> All { get; } =
    [
        .. CodeTasks.All, .. DataTasks.All, .. FileTasks.All, .. HostileTasks.All, .. JobTasks.All, .. RecoveryTasks.All, .. RepositoryTasks.All, .. ServiceTasks.All, .. TemplateTasks.All, .. TerminalTasks.All,
        .. VolumeTasks.All,
    ];

    /// <exception cref="ArgumentException">None is left.</exception>
    public static IReadOnlyList<EvalTask> Where(string filter, bool fast)
    {
        var chosen = All.Where(task => task.Id.Contains(filter, StringComparison.Ordinal) && (task.Fast || !fast)).ToList();
        return chosen.Count > 0 ? chosen : throw new ArgumentException($"No task has '{filter}' in its name. There are: {string.Join(", ", All.Select(task => task.Id))}.");
    }
}
