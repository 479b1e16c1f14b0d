using System.Diagnostics;

namespace Moru.Bench;

/// <summary>New sandboxes: one after another against containers of the engine's own command line, and many at once.</summary>
internal static class Creates
{
    private const int AtOnce = 20;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        await AgainstRunAsync(bench, samples, cancellationToken);
        await AtOnceAsync(bench, cancellationToken);
    }

    private static async Task AgainstRunAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var stages = new Stages();
        var (plain, moru) = (new Samples("docker run -d IMAGE"), new Samples("client.CreateSandboxAsync()"));
        await using (await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken))
        {
            // Makes the network, and is not measured.
        }

        for (var i = 0; i < samples; i++)
        {
            plain.Add(await RunAsync(cancellationToken));
            var watch = Stopwatch.StartNew();
            await using var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
            moru.Add(watch.Elapsed);
        }

        Samples.Print("create, until it answers", plain, moru, "at most 1.1");
        stages.Print();
    }

    private static async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var container = (await Docker.RunAsync(["run", "--detach", Setup.Image, "sleep", "infinity"], cancellationToken)).Trim();
        var took = watch.Elapsed;
        await Docker.RunAsync(["rm", "--force", container], CancellationToken.None);
        return took;
    }

    private static async Task AtOnceAsync(Setup bench, CancellationToken cancellationToken)
    {
        var each = new Samples($"each of {AtOnce} creates at once");
        var watch = Stopwatch.StartNew();
        var sandboxes = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            var began = watch.Elapsed;
            var sandbox = await bench.Client.CreateSandboxAsync(cancellationToken: cancellationToken);
            each.Add(watch.Elapsed - began);
            return sandbox;
        }));
        each.Print($"{AtOnce} creates at once, all ready after {watch.Elapsed.TotalSeconds:0.0} s", "no error");
        await Task.WhenAll(sandboxes.Select(sandbox => sandbox.DisposeAsync().AsTask()));
    }
}
