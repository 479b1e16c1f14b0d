using System.Diagnostics;

namespace Moru.Bench;

/// <summary>The same job done by Moru and by the docker command line, in turns, so that both see the same machine.</summary>
internal static class Comparisons
{
    // Turns before the first that counts, while caches fill and code is compiled.
    private const int WarmUps = 10;

    public static async Task CreateAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        var (docker, moru) = (new Samples("docker run --rm IMAGE true"), new Samples("create sandbox, run 'true'"));
        for (var i = -1; i < samples; i++)
        {
            var byDocker = await TimeAsync(() => Docker.RunAsync(["run", "--rm", Setup.Image, "true"], cancellationToken));

            var watch = Stopwatch.StartNew();
            await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
            await sandbox.Commands.RunAsync("true", cancellationToken: cancellationToken);
            var byMoru = watch.Elapsed;

            if (i < 0) continue;
            docker.Add(byDocker);
            moru.Add(byMoru);
        }

        Samples.Print("create to first result", docker, moru, "at most 1.3");
    }

    public static async Task ExecAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
        var container = "moru-" + sandbox.SandboxId;
        var (docker, moru) = (new Samples("docker exec CONTAINER true"), new Samples("sandbox.Commands.RunAsync(\"true\")"));
        for (var i = -WarmUps; i < samples; i++)
        {
            var byDocker = await TimeAsync(() => Docker.RunAsync(["exec", container, "true"], cancellationToken));
            var byMoru = await TimeAsync(() => sandbox.Commands.RunAsync("true", cancellationToken: cancellationToken));

            if (i < 0) continue;
            docker.Add(byDocker);
            moru.Add(byMoru);
        }

        Samples.Print("exec true", docker, moru, "at most 0.067 (1/15)");
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> job)
    {
        var watch = Stopwatch.StartNew();
        await job();
        return watch.Elapsed;
    }
}
