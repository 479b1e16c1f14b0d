namespace Moru.Bench;

/// <summary>One process after the other.</summary>
internal static class ExecLatency
{
    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var engine = new Engine();
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        await Comparisons.InTurnsAsync(
            "exec true, engine's HTTP interface against envd's",
            ("POST exec, POST start, read output", () => engine.ExecAsync(container.Id, ["/bin/true"], cancellationToken)),
            ("process.Process/Start", () => container.ExecAsync(["/bin/true"], cancellationToken)),
            samples,
            "at most 0.06",
            turn: 10);
    }
}
