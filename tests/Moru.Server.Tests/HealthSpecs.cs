namespace Moru.Server.Tests;

public sealed class HealthSpecs
{
    [Fact]
    public async Task A_server_is_ready_while_its_engine_answers_and_healthy_in_any_case()
    {
        await using var server = await MemoryServer.StartAsync();
        Assert.Equal((200, "OK"), await StatusAsync("/ready"));

        server.Engine.GoDown();
        await Eventually.TrueAsync(async () => (await StatusAsync("/ready")).Status == 503);
        (await server.GetAsync("/ready")).Fails(503, "engine");
        Assert.Equal((200, "OK"), await StatusAsync("/health"));

        server.Engine.ComeBack();
        await Eventually.TrueAsync(async () => (await StatusAsync("/ready")).Status == 200);

        async Task<(int Status, string Text)> StatusAsync(string path) => await server.GetAsync(path) is var answer ? (answer.Status, answer.Text) : default;
    }

    [Fact]
    public async Task A_server_that_stops_finishes_the_calls_that_run_and_takes_no_more()
    {
        await using var server = await MemoryServer.StartAsync();
        var id = await server.CreateAsync();
        var frozen = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        server.Engine.BeforeFreeze = () =>
        {
            asked.TrySetResult();
            return frozen.Task;
        };
        var pause = server.PostAsync($"/sandboxes/{id}/pause");
        await asked.Task;

        var stop = server.StopAsync();
        (await server.GetAsync("/health")).Fails(503, "stopping");
        (await server.GetAsync($"/sandboxes/{id}")).Fails(503, "stopping");
        Assert.False(stop.IsCompleted);
        frozen.SetResult();

        Assert.Equal(204, (await pause).Status);
        await stop.WaitAsync(Eventually.Limit, MemoryServer.Cancel);
        Assert.Equal([id], server.Engine.SandboxIds);
    }
}
