using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Runtime.Tests;

/// <summary>The random walk again, shorter, over real containers.</summary>
public sealed class DockerRandomWalk
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whatever_clients_do_at_once_records_and_containers_agree_and_nothing_is_left()
    {
        using var directory = new TemporaryDirectory();
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var options = new RuntimeOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, MaxSandboxes = 4 };
        await using var runtime = await MoruRuntime.OpenAsync(options, box.Engine, TimeProvider.System, NullLoggerFactory.Instance, Node.Cancel);
        var walk = new RandomWalk(runtime.Sandboxes, seed: 3);
        try
        {
            await walk.RunAsync(clients: 16, operations: 150, most: 5).WaitAsync(Bound, Node.Cancel);

            await Eventually.TrueAsync(async () =>
            {
                var records = runtime.Sandboxes.List().Select(record => (record.Id, record.State is SandboxPhase.Paused)).ToHashSet();
                return records.SetEquals((await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Select(owned => (owned.SandboxId, owned.IsFrozen)));
            });
        }
        finally
        {
            foreach (var record in runtime.Sandboxes.List()) await runtime.Sandboxes.KillAsync(record.Id, EndReason.Killed, CancellationToken.None);
            await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, CancellationToken.None)).Count == 0);
        }

        Assert.Empty(runtime.Sandboxes.Live);
        Assert.Equal(walk.Known.Order(), runtime.Sandboxes.ListRuns(runtime.Teams.First.Id, [SandboxPhase.Ended], null, int.MaxValue).Select(run => run.Id).Order());
    }
}
