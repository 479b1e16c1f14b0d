namespace Moru.Server.Tests;

/// <summary>Calls that meet on one sandbox.</summary>
public sealed class ConcurrencySpecs
{
    private const string Minute = """{"timeout":60}""";

    private readonly TaskCompletionSource reached = new();
    private readonly TaskCompletionSource go = new();

    [Fact]
    public async Task While_it_is_pausing_it_is_shown_as_paused()
    {
        await using var server = await HeldAsync();
        var id = await server.CreateAsync();

        var pause = await BeginPauseAsync(server, id);
        var shown = await server.GetAsync($"/sandboxes/{id}");
        go.SetResult();

        Assert.Equal("paused", shown["state"]);
        Assert.Equal(204, (await pause).Status);
    }

    [Fact]
    public async Task While_it_is_pausing_a_kill_waits_and_then_kills()
    {
        await using var server = await HeldAsync();
        var id = await server.CreateAsync();

        var pause = await BeginPauseAsync(server, id);
        var kill = server.DeleteAsync($"/sandboxes/{id}");
        await Eventually.TrueAsync(async () => (await server.GetAsync($"/sandboxes/{id}")).Status == 404);
        Assert.Equal([id], server.Engine.SandboxIds);
        go.SetResult();

        Assert.Equal((204, 204), ((await pause).Status, (await kill).Status));
        Assert.Empty(server.Engine.SandboxIds);
    }

    [Theory]
    [InlineData("connect")]
    [InlineData("resume")]
    public async Task While_it_is_pausing_a_connect_waits_and_then_resumes(string action)
    {
        await using var server = await HeldAsync();
        var id = await server.CreateAsync();

        var pause = await BeginPauseAsync(server, id);
        var connect = server.PostAsync($"/sandboxes/{id}/{action}", Minute);
        go.SetResult();

        Assert.Equal((204, 201), ((await pause).Status, (await connect).Status));
        Assert.Equal("running", (await server.GetAsync($"/sandboxes/{id}"))["state"]);
        Assert.Empty(server.Engine.FrozenIds);
    }

    [Theory]
    [InlineData("timeout", Minute)]
    [InlineData("refreshes", """{"duration":60}""")]
    public async Task While_it_is_pausing_its_timeout_cannot_be_moved(string action, string body)
    {
        await using var server = await HeldAsync();
        var id = await server.CreateAsync();

        var pause = await BeginPauseAsync(server, id);
        var timeout = server.PostAsync($"/sandboxes/{id}/{action}", body);
        go.SetResult();

        (await timeout).Fails(404, "paused");
        Assert.Equal(204, (await pause).Status);
    }

    [Fact]
    public async Task Of_many_connects_to_a_paused_sandbox_one_resumes_it()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.PostAsync($"/sandboxes/{id}/connect", Minute)));

        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.Equal(11, answers.Count(answer => answer.Status == 200));
        Assert.Equal(1, server.Engine.Changes.Thaws);
    }

    [Fact]
    public async Task Of_many_resumes_one_succeeds_and_the_others_conflict()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.PostAsync($"/sandboxes/{id}/resume", Minute)));

        Assert.Equal([201, .. Enumerable.Repeat(409, 11)], answers.Select(answer => answer.Status).Order());
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_undo_the_resume_that_others_wait_for()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreatePausedAsync();
        server.Engine.AgentsAreSilent = true;
        using var leave = new CancellationTokenSource();
        using var body = new StringContent(Minute, System.Text.Encoding.UTF8, "application/json");

        var left = server.Http.PostAsync($"/sandboxes/{id}/connect", body, leave.Token);
        await Eventually.TrueAsync(() => server.Engine.Changes.Thaws == 1);
        var stays = server.PostAsync($"/sandboxes/{id}/connect", Minute);
        await leave.CancelAsync();
        server.Engine.AgentsAreSilent = false;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(200, (await stays).Status);
        Assert.Equal(1, server.Engine.Changes.Thaws);
    }

    [Fact]
    public async Task A_sandbox_whose_agent_does_not_come_back_is_paused_again()
    {
        await using var server = await MemoryServer.StartAsync(options => options with { StartTimeout = TimeSpan.FromMilliseconds(300) });
        var id = await server.CreatePausedAsync();
        server.Engine.AgentsAreSilent = true;

        (await server.PostAsync($"/sandboxes/{id}/connect", Minute)).Fails(500, "is paused again");

        await Eventually.TrueAsync(() => server.Engine.FrozenIds.Count == 1);
        server.Engine.AgentsAreSilent = false;
        Assert.Equal(201, (await server.PostAsync($"/sandboxes/{id}/connect", Minute)).Status);
    }

    private async Task<MemoryServer> HeldAsync()
    {
        var server = await MemoryServer.StartAsync();
        server.Engine.BeforeFreeze = () =>
        {
            reached.TrySetResult();
            return go.Task;
        };
        return server;
    }

    private async Task<Task<Answer>> BeginPauseAsync(MemoryServer server, string id)
    {
        var pause = server.PostAsync($"/sandboxes/{id}/pause");
        await reached.Task.WaitAsync(Eventually.Limit, MemoryServer.Cancel);
        return pause;
    }
}
