using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Runtime.Tests;

/// <summary>The model again, shorter, over real containers.</summary>
public sealed class DockerLifecycleModel
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Whatever_clients_do_at_once_some_order_explains_it_and_no_container_is_left() =>
        // The first case is whole: a smaller one that fails too would take as long.
        await Step.Scripts(clients: 16, most: 30).SampleAsync(RunAsync, iter: 1, threads: 1, print: Step.Print);

    private static async Task RunAsync(Step[][] scripts)
    {
        using var directory = new TemporaryDirectory();
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var options = new RuntimeOptions { DataDirectory = directory.Path, EnvdPath = Artifacts.Envd, MaxSandboxes = 4 };
        await using var runtime = await MoruRuntime.OpenAsync(options, box.Engine, TimeProvider.System, NullLoggerFactory.Instance, Node.Cancel);
        var clients = new Clients(runtime.Sandboxes, clock: null);
        try
        {
            await clients.RunAsync(scripts).WaitAsync(Bound, Node.Cancel);

            await Eventually.TrueAsync(async () =>
            {
                var records = runtime.Sandboxes.List().Select(record => (record.Id, record.State is SandboxPhase.Paused)).ToHashSet();
                return records.SetEquals((await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Select(owned => (owned.SandboxId, owned.IsFrozen)));
            });
            await clients.CheckAsync();
        }
        finally
        {
            foreach (var record in runtime.Sandboxes.List()) await runtime.Sandboxes.KillAsync(record.Id, EndReason.Killed, CancellationToken.None);
            await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, CancellationToken.None)).Count == 0);
        }

        Assert.Empty(runtime.Sandboxes.Live);
        Assert.Equal(clients.Made.Order(), runtime.Sandboxes.ListRuns(runtime.Teams.First.Id, [SandboxPhase.Ended], null, int.MaxValue).Select(run => run.Id).Order());
    }
}
