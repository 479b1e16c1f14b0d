namespace Moru.Bench;

/// <summary>One GiB in and out of a sandbox.</summary>
internal static class Transfers
{
    private const long Size = 1L << 30;
    private const int Rounds = 3;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var engine = new Engine();
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        List<double> engineUp = [], engineDown = [], envdUp = [], envdDown = [];
        var local = ProcessMemory.IsKnown(container.Pid);
        var before = local ? ProcessMemory.ResidentMiB(container.Pid) : 0;
        for (var round = 0; round < Rounds; round++)
        {
            engineUp.Add(await Rates.ThroughputAsync(Size, () => engine.UploadAsync(container.Id, "/root", new ArchiveContent("engine", Size), cancellationToken)));
            envdUp.Add(await Rates.ThroughputAsync(Size, () => container.Client.WriteFileAsync("/root/envd", new StreamContent(new PatternStream(Size), 1 << 20), null, cancellationToken)));
            engineDown.Add(await Rates.ThroughputAsync(Size, () => engine.DownloadAsync(container.Id, "/root/engine", cancellationToken)));
            envdDown.Add(await Rates.ThroughputAsync(Size, () => DownloadAsync(container, cancellationToken)));
            await container.ExecAsync(["rm", "/root/engine", "/root/envd"], cancellationToken);
        }

        Rates.Print("upload of 1 GiB, engine's archive against envd's /files", "MiB/s", engineUp, envdUp, "at least 1.2");
        Rates.Print("download of 1 GiB", "MiB/s", engineDown, envdDown, "at least 4");
        if (local) Console.WriteLine($"  peak of envd's memory above its {before:0.0} MiB at start: {ProcessMemory.PeakMiB(container.Pid) - before:0.0} MiB (target: less than 64)\n");
    }

    private static async Task DownloadAsync(AgentContainer container, CancellationToken cancellationToken)
    {
        using var response = await container.Client.OpenFileAsync("/root/envd", null, cancellationToken);
        if (await response.Content.CountAsync(cancellationToken) != Size) throw new InvalidOperationException("envd did not send the whole file");
    }
}
