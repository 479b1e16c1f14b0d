using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Runtime.Tests;

/// <summary>The whole runtime on the real engine, with the real agent in the real base image.</summary>
public sealed class DockerRuntimeTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("moru-docker-").FullName;
    private readonly DockerRelay relay = new();
    private DockerBox box = null!;
    private MoruRuntime runtime = null!;

    public async ValueTask InitializeAsync()
    {
        box = await DockerBox.OpenAsync(DockerBox.BaseImage, relay.Endpoint);
        runtime = await OpenAsync();
    }

    [Fact]
    public async Task A_created_sandbox_runs_commands_with_its_environment_until_it_is_killed()
    {
        var request = new SandboxRequest
        {
            TemplateId = "base",
            Timeout = TimeSpan.FromMinutes(2),
            Secure = true,
            EnvVars = new Dictionary<string, string> { ["COLOUR"] = "green" },
        };

        var created = await runtime.Sandboxes.CreateAsync(request, Node.Cancel);
        var said = await box.RunAsync(created.Address!, "echo $COLOUR $MORU_SANDBOX_ID $(whoami) $PWD", token: created.AccessToken);
        var killed = await runtime.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel);

        Assert.Equal($"green {created.Id} user /home/user", said.Output);
        Assert.True(killed);
        Assert.Empty(await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel));
    }

    [Fact]
    public async Task The_environment_of_its_image_reaches_commands_and_terminals_before_and_after_a_pause()
    {
        const string Shown = "echo $LANG $SSL_CERT_FILE $REQUESTS_CA_BUNDLE $NODE_EXTRA_CA_CERTS; printf '\\u00e9\\n'; echo é | grep -c '^.$'; echo $PATH";
        const string Authorities = "/etc/ssl/certs/ca-certificates.crt";
        var created = await CreateAsync(TimeSpan.FromMinutes(2));

        var said = await box.RunAsync(created.Address!, Shown);
        var terminal = await box.RunAsync(created.Address!, "echo $LANG", inTerminal: true);
        await runtime.Sandboxes.PauseAsync(created.Id, Node.Cancel);
        var resumed = await runtime.Sandboxes.ResumeAsync(created.Id, TimeSpan.FromMinutes(2), null, Node.Cancel);
        var later = await box.RunAsync(resumed.Address!, Shown);

        Assert.Equal($"C.UTF-8 {Authorities} {Authorities} {Authorities}\né\n1\n/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games", said.Output);
        Assert.Equal("C.UTF-8", terminal.Output);
        Assert.Equal(said, later);
    }

    [Fact]
    public async Task A_sandbox_is_removed_soon_after_its_deadline()
    {
        var created = await CreateAsync(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(() => runtime.Sandboxes.Find(created.Id) is null);
        var late = TimeProvider.System.GetUtcNow() - created.EndAt;

        Assert.InRange(late, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Count == 0);
    }

    [Fact]
    public async Task A_sandbox_answers_under_the_same_address_after_a_restart()
    {
        var created = await CreateAsync(TimeSpan.FromMinutes(2));
        await box.RunAsync(created.Address!, "echo kept > /tmp/note");

        await runtime.DisposeAsync();
        runtime = await OpenAsync();

        Assert.True(runtime.Sandboxes.TryGetAddress(created.Id, out var address));
        Assert.Equal("kept", (await box.RunAsync(address, "cat /tmp/note")).Output);
    }

    [Fact]
    public async Task A_container_killed_from_outside_ends_its_sandbox()
    {
        var created = await CreateAsync(TimeSpan.FromMinutes(2));

        await box.EndAsync(created.Id);

        await Eventually.TrueAsync(() => runtime.Sandboxes.Find(created.Id) is null);
        await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Count == 0);
    }

    [Fact]
    public async Task An_engine_that_goes_away_loses_no_sandbox_and_what_ended_meanwhile_is_noticed()
    {
        var kept = await CreateAsync(TimeSpan.FromMinutes(2));
        var lost = await CreateAsync(TimeSpan.FromMinutes(2));

        await relay.CutAsync();
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => CreateAsync(TimeSpan.FromMinutes(2)));
        Assert.Equal(2, runtime.Sandboxes.List().Count);
        await box.EndAsync(lost.Id);
        relay.Mend();

        Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);
        await Eventually.TrueAsync(() => runtime.Sandboxes.Find(lost.Id) is null);
        Assert.NotNull(runtime.Sandboxes.Find(kept.Id));
        await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Count == 1);
    }

    [Fact]
    public async Task A_sandbox_that_starts_processes_all_the_time_is_frozen_at_its_end()
    {
        var created = await CreateAsync(TimeSpan.FromMinutes(2), autoPause: true);
        await StartProcessesAsync(created);

        await runtime.Sandboxes.SetTimeoutAsync(created.Id, TimeSpan.Zero, Node.Cancel);

        await Eventually.TrueAsync(() => IsFrozenAsync(created.Id));
    }

    [Fact]
    public async Task The_same_is_frozen_by_the_next_server_when_a_crash_comes_between()
    {
        var created = await CreateAsync(TimeSpan.FromMinutes(2));
        await StartProcessesAsync(created);

        await runtime.DisposeAsync();
        using (var store = RuntimeStore.Open(directory)) store.Save(created with { State = SandboxPhase.Pausing });
        runtime = await OpenAsync();

        await Eventually.TrueAsync(() => runtime.Sandboxes.Find(created.Id)!.State is SandboxPhase.Paused);
        Assert.True(await IsFrozenAsync(created.Id));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var record in runtime.Sandboxes.List()) await runtime.Sandboxes.KillAsync(record.Id, EndReason.Killed, CancellationToken.None);
        await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(runtime.OwnerId, CancellationToken.None)).Count == 0);
        await runtime.DisposeAsync();
        await box.DisposeAsync();
        await relay.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    private Task<MoruRuntime> OpenAsync() => MoruRuntime.OpenAsync(
        new RuntimeOptions { DataDirectory = directory, EnvdPath = Artifacts.Envd },
        box.Engine, TimeProvider.System, NullLoggerFactory.Instance, Node.Cancel);

    private Task<SandboxRecord> CreateAsync(TimeSpan timeout, bool autoPause = false) =>
        runtime.Sandboxes.CreateAsync(new SandboxRequest { TemplateId = "base", Timeout = timeout, AutoPause = autoPause }, Node.Cancel);

    private async Task StartProcessesAsync(SandboxRecord sandbox) => Assert.Equal(
        "begun", (await box.RunAsync(sandbox.Address!, "for i in 1 2 3 4; do (while :; do /bin/true; done) > /dev/null 2>&1 & done; echo begun")).Output);

    private async Task<bool> IsFrozenAsync(string id) => (await box.Engine.ListAsync(runtime.OwnerId, Node.Cancel)).Single(owned => owned.SandboxId == id).IsFrozen;
}
