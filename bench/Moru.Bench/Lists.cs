using Microsoft.Extensions.Logging.Abstractions;
using Moru.Runtime;
using Moru.Server;
using Moru.Testing;

namespace Moru.Bench;

/// <summary>Lists of more sandboxes than fit in a small machine: they are records of a server on an engine that is only a table.</summary>
internal static class Lists
{
    private const int Recorded = 1000;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        using var directory = new TemporaryDirectory();
        var options = new ServerOptions { DataDirectory = directory.Path, EnvdPath = bench.Envd };
        await using var server = await MoruServer.StartAsync(
            options, new RuntimeOptions { DataDirectory = directory.Path, EnvdPath = bench.Envd, MaxSandboxes = Recorded },
            await InMemoryEngine.OpenAsync(), TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + server.SocketPath), ApiKey = server.ApiKey });
        for (var i = 0; i < Recorded; i++)
        {
            var sandbox = await client.CreateSandboxAsync(cancellationToken: cancellationToken);
            // Nobody follows the log of a paused one.
            await sandbox.PauseAsync(cancellationToken);
        }

        var (whole, page) = (new Samples($"all {Recorded}, in pages of 100"), new Samples("the first page"));
        await Comparisons.RepeatAsync(whole, samples * 10, async () =>
        {
            if (await client.ListSandboxesAsync(cancellationToken: cancellationToken).CountAsync(cancellationToken) != Recorded) throw new InvalidOperationException("the list is not whole");
        });
        whole.Print("client.ListSandboxesAsync()", "p99 less than 50 ms");
        await Comparisons.RepeatAsync(page, samples * 10, async () => await client.ListSandboxesAsync(cancellationToken: cancellationToken).FirstAsync(cancellationToken));
        page.Print("the same, as far as its first sandbox", "p99 less than 50 ms");
    }
}
