namespace Moru.Bench;

/// <summary>What a process writes while the server keeps a log of it, against the same with nobody who listens.</summary>
internal static class FollowedOutput
{
    private const long Size = 256 << 20;
    private const int Rounds = 5;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        // As log lines are: text of which every byte may be kept.
        string[] command = ["sh", "-c", $"yes 'a line of a log that somebody may want to read' | head -c {Size}"];
        await using var alone = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        await using var sandbox = await bench.Client.CreateSandboxAsync(options: new() { Secure = false }, cancellationToken: cancellationToken);
        await using var followed = await AgentContainer.OfAsync("moru-" + sandbox.SandboxId, cancellationToken);
        var (without, with) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (container, rates) in new[] { (alone, without), (followed, with) })
            {
                var rate = await Rates.ThroughputAsync(Size, async () =>
                {
                    if (await container.ExecAsync(command, cancellationToken) != Size) throw new InvalidOperationException("envd lost output");
                });
                if (round >= 0) rates.Add(rate);
            }
        }

        Rates.Print("256 MiB of lines from envd, with nobody who reads the log and with the server reading it", "MiB/s", ("alone", without), ("read", with), "at least 0.8");
    }
}
