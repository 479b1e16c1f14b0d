namespace Moru.Bench;

/// <summary>What the agent in every sandbox costs.</summary>
internal static class Agent
{
    public static async Task MeasureAsync(Setup bench, CancellationToken cancellationToken)
    {
        await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
        var pid = (await Docker.RunAsync(["inspect", "-f", "{{.State.Pid}}", "moru-" + sandbox.SandboxId], cancellationToken)).Trim();

        Console.WriteLine("agent (envd)");
        Console.WriteLine($"  on disk  {new FileInfo(bench.Envd).Length / 1e6,6:0.0} MB (target: at most 15)");

        // On a Docker Desktop or a remote engine the process is not on this machine.
        var status = $"/proc/{pid}/status";
        if (!File.Exists(status)) return;
        var resident = (await File.ReadAllLinesAsync(status, cancellationToken)).Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        var kilobytes = long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        Console.WriteLine($"  RSS idle {kilobytes * 1024 / 1e6,6:0.0} MB (target: at most 25)");
    }
}
