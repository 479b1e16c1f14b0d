namespace Moru.Bench;

/// <summary>What a process writes, as fast as it can.</summary>
internal static class Output
{
    private const long Size = 1L << 30;
    private const int Rounds = 3;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var engine = new Engine();
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        string[] command = ["head", "-c", $"{Size}", "/dev/zero"];
        var (docker, moru) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            docker.Add(await Rates.ThroughputAsync(Size, () => engine.ExecAsync(container.Id, command, cancellationToken)));
            moru.Add(await Rates.ThroughputAsync(Size, async () =>
            {
                if (await container.ExecAsync(command, cancellationToken) != Size) throw new InvalidOperationException("envd lost output");
            }));
        }

        Rates.Print("1 GiB of output, every byte counted (target: envd at least 191 MiB/s = 200 MB/s)", "MiB/s", docker, moru, "none");
    }
}
