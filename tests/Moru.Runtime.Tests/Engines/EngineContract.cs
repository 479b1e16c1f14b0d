using Moru.Protocol;

namespace Moru.Runtime.Tests;

/// <summary>What every engine does alike.</summary>
public abstract class EngineContract
{
    private readonly string first = SandboxId.New();
    private readonly string second = SandboxId.New();

    [Fact]
    public async Task A_started_container_runs_and_its_agent_answers()
    {
        await using var box = await OpenAsync();

        var container = await box.StartAsync(first);

        Assert.NotEmpty(container.Id);
        Assert.NotEmpty(container.NodeId);
        await box.AgentAnswersAsync(container.Address);
    }

    [Fact]
    public async Task It_says_where_it_keeps_its_data()
    {
        await using var box = await OpenAsync();

        Assert.True(Directory.Exists(await box.Engine.DataRootAsync(Node.Cancel)));
    }

    [Fact]
    public async Task It_says_how_much_a_container_has_written()
    {
        await using var box = await OpenAsync();
        var container = await box.StartAsync(first);
        await box.AgentAnswersAsync(container.Address);
        var before = await box.Engine.WrittenBytesAsync(first, Node.Cancel);

        using var content = new ByteArrayContent(new byte[3 << 20]);
        await box.Agent(container.Address).WriteFileAsync("/tmp/large", content, "root", Node.Cancel);

        Assert.InRange(await box.Engine.WrittenBytesAsync(first, Node.Cancel) - before, 3 << 20, 4 << 20);
    }

    [Fact]
    public async Task The_list_shows_our_containers_and_whether_they_run()
    {
        await using var box = await OpenAsync();
        var runs = await box.StartAsync(first);
        await box.StartAsync(second);

        await box.EndAsync(second);

        var expected = new HashSet<object> { Facts(first, runs), Facts(second, null) };
        await Eventually.TrueAsync(async () => expected.SetEquals((await box.Engine.ListAsync(box.OwnerId, Node.Cancel)).Select(Facts)));
        Assert.Empty(await box.Engine.ListAsync("somebody-else", Node.Cancel));
    }

    [Fact]
    public async Task A_removed_container_is_gone_and_removing_it_again_is_fine()
    {
        await using var box = await OpenAsync();
        await box.StartAsync(first);

        await box.Engine.RemoveAsync(first, Node.Cancel);
        await box.Engine.RemoveAsync(first, Node.Cancel);

        Assert.Empty(await box.Engine.ListAsync(box.OwnerId, Node.Cancel));
    }

    [Fact]
    public async Task A_container_is_frozen_and_goes_on_under_the_same_address_and_either_may_be_asked_twice()
    {
        await using var box = await OpenAsync();
        var container = await box.StartAsync(first);
        await box.AgentAnswersAsync(container.Address);

        await box.Engine.PauseAsync(first, Node.Cancel);
        await box.Engine.PauseAsync(first, Node.Cancel);
        var frozen = await box.Engine.ListAsync(box.OwnerId, Node.Cancel);
        var resumed = await box.Engine.ResumeAsync(first, Node.Cancel);
        var again = await box.Engine.ResumeAsync(first, Node.Cancel);

        Assert.Equal([Facts(first, container, isFrozen: true)], frozen.Select(Facts));
        Assert.Equal([Facts(first, container), Facts(first, container)], [Facts(first, resumed), Facts(first, again)]);
        Assert.Equal(container.ImageEnv, resumed.ImageEnv);
        Assert.Equal([Facts(first, container)], (await box.Engine.ListAsync(box.OwnerId, Node.Cancel)).Select(Facts));
        await box.AgentAnswersAsync(container.Address);
    }

    [Fact]
    public async Task A_frozen_container_is_removed_like_any_other()
    {
        await using var box = await OpenAsync();
        await box.StartAsync(first);
        await box.Engine.PauseAsync(first, Node.Cancel);

        await box.Engine.RemoveAsync(first, Node.Cancel);

        Assert.Empty(await box.Engine.ListAsync(box.OwnerId, Node.Cancel));
    }

    [Fact]
    public async Task What_has_ended_can_be_neither_frozen_nor_resumed()
    {
        await using var box = await OpenAsync();
        await box.StartAsync(first);
        await box.EndAsync(first);
        await Eventually.TrueAsync(async () => (await box.Engine.ListAsync(box.OwnerId, Node.Cancel)).All(container => container.Container is null));

        var freeze = await Assert.ThrowsAsync<RuntimeException>(() => box.Engine.PauseAsync(first, Node.Cancel));
        var resume = await Assert.ThrowsAsync<RuntimeException>(() => box.Engine.ResumeAsync(first, Node.Cancel));

        Assert.Equal((RuntimeError.StartFailed, RuntimeError.StartFailed), (freeze.Error, resume.Error));
    }

    [Fact]
    public async Task A_missing_image_is_told_apart_from_other_failures()
    {
        await using var box = await OpenAsync();
        var spec = box.Spec(first) with { Image = "moru-test/no-such-image:latest" };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => box.Engine.StartAsync(spec, Node.Cancel));

        Assert.Equal(RuntimeError.TemplateNotPrepared, failure.Error);
        Assert.Contains("'base' has no image", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_watch_says_when_it_listens_and_then_tells_exits()
    {
        await using var box = await OpenAsync();
        await box.StartAsync(first);
        await using var watch = box.Engine.WatchAsync(box.OwnerId, Node.Cancel).GetAsyncEnumerator(Node.Cancel);
        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<EngineEvent.Connected>(watch.Current);

        var next = watch.MoveNextAsync();
        await box.EndAsync(first);

        Assert.True(await next);
        Assert.Equal(first, Assert.IsType<EngineEvent.Exited>(watch.Current).SandboxId);
    }

    [Fact]
    public async Task A_start_that_was_cancelled_before_does_not_happen()
    {
        await using var box = await OpenAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            box.Engine.StartAsync(box.Spec(first), new CancellationToken(canceled: true)));

        Assert.DoesNotContain(await box.Engine.ListAsync(box.OwnerId, Node.Cancel), container => container.Container is not null);
    }

    internal abstract Task<EngineBox> OpenAsync();

    private static object Facts(OwnedContainer owned) => Facts(owned.SandboxId, owned.Container, owned.IsFrozen);

    private static object Facts(string sandboxId, EngineContainer? container, bool isFrozen = false) => (sandboxId, container?.Id, container?.Address, container?.NodeId, isFrozen);
}

/// <summary>An engine under test, with an owner of its own whose containers are removed in the end.</summary>
internal abstract class EngineBox : IAsyncDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(20) };

    public string OwnerId { get; } = "test-" + Guid.NewGuid().ToString("N")[..12];

    public abstract IContainerEngine Engine { get; }

    public abstract string Image { get; }

    public abstract string EnvdPath { get; }

    /// <summary>Ends the container's first process from outside.</summary>
    public abstract Task EndAsync(string sandboxId);

    public ContainerSpec Spec(string sandboxId) => new()
    {
        SandboxId = sandboxId, OwnerId = OwnerId, TemplateId = "base", Image = Image, EnvdPath = EnvdPath,
        Limits = new SandboxLimits(CpuCount: 1, MemoryMB: 128, DiskSizeMB: 0, PidsLimit: 64), AllowInternet = true,
    };

    public Task<EngineContainer> StartAsync(string sandboxId) => Engine.StartAsync(Spec(sandboxId), Node.Cancel);

    public EnvdClient Agent(EngineAddress address, string? token = null) =>
        new(http, new UriBuilder("http", address.Host, address.EnvdPort).Uri, token);

    public Task AgentAnswersAsync(EngineAddress address) => Eventually.TrueAsync(async () =>
    {
        try
        {
            await Agent(address).HealthAsync(Node.Cancel);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var container in await Engine.ListAsync(OwnerId, CancellationToken.None))
            await Engine.RemoveAsync(container.SandboxId, CancellationToken.None);
        Assert.Empty(await Engine.ListAsync(OwnerId, CancellationToken.None));
        await Engine.DisposeAsync();
        http.Dispose();
    }
}
