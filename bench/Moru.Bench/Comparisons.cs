using System.Diagnostics;

namespace Moru.Bench;

/// <summary>The same job done in two ways, in turns, so that both see the same machine.</summary>
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
        await InTurnsAsync(
            "exec true, as people type it",
            ("docker exec CONTAINER true", () => Docker.RunAsync(["exec", "moru-" + sandbox.SandboxId, "true"], cancellationToken)),
            ("sandbox.Commands.RunAsync(\"true\")", () => sandbox.Commands.RunAsync("true", cancellationToken: cancellationToken)),
            samples,
            "at most 0.067 (1/15)");
    }

    /// <param name="title">What is measured.</param>
    /// <param name="baseline">The yardstick.</param>
    /// <param name="ours">Our way.</param>
    /// <param name="samples">How many of each.</param>
    /// <param name="target">What the ratio should be.</param>
    /// <param name="turn">
    /// How many in a row before the other's turn. The engine still cleans up after an exec when it has answered; in turns of one, that
    /// work would be counted as ours.
    /// </param>
    public static async Task InTurnsAsync(
        string title, (string Name, Func<Task> Job) baseline, (string Name, Func<Task> Job) ours, int samples, string target, int turn = 1)
    {
        var (first, second) = (new Samples(baseline.Name), new Samples(ours.Name));
        for (var i = -WarmUps; i < samples; i += turn)
        {
            var count = i < 0 ? Math.Min(turn, -i) : Math.Min(turn, samples - i);
            for (var n = 0; n < count; n++) Note(first, await TimeAsync(baseline.Job));
            for (var n = 0; n < count; n++) Note(second, await TimeAsync(ours.Job));

            void Note(Samples times, TimeSpan time)
            {
                if (i >= 0) times.Add(time);
            }
        }

        Samples.Print(title, first, second, target);
    }

    public static async Task RepeatAsync(Samples times, int samples, Func<Task> job)
    {
        for (var i = -WarmUps; i < samples; i++)
        {
            var time = await TimeAsync(job);
            if (i >= 0) times.Add(time);
        }
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> job)
    {
        var watch = Stopwatch.StartNew();
        await job();
        return watch.Elapsed;
    }
}
