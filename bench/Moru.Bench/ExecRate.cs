using System.Diagnostics;

namespace Moru.Bench;

/// <summary>Processes started by many clients at once.</summary>
internal static class ExecRate
{
    private const int Clients = 8;
    private const int Rounds = 3;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var engine = new Engine();
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        var (docker, moru) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            var byDocker = await RateAsync(Math.Max(1, samples / 5), () => engine.ExecAsync(container.Id, ["/bin/true"], cancellationToken));
            var byMoru = await RateAsync(samples * 5, () => container.ExecAsync(["/bin/true"], cancellationToken));
            if (round < 0) continue;
            docker.Add(byDocker);
            moru.Add(byMoru);
        }

        Rates.Print($"exec true by {Clients} clients", "execs/s", docker, moru, "at least 40");
    }

    private static async Task<double> RateAsync(int each, Func<Task> exec)
    {
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (var i = 0; i < each; i++) await exec();
        }));
        return Clients * each / watch.Elapsed.TotalSeconds;
    }
}
