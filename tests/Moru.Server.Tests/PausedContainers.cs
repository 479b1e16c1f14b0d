using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Server.Tests;

/// <summary>What a pause keeps and what it ends, in a real container behind the real proxy.</summary>
public sealed class PausedContainers(ServerFixture fixture) : IClassFixture<ServerFixture>, IAsyncLifetime
{
    private readonly HttpClient api = new() { BaseAddress = fixture.Server.HttpUrl, DefaultRequestHeaders = { { "X-API-Key", fixture.Server.ApiKey } } };
    private readonly HttpClient proxied = new() { BaseAddress = fixture.Server.HttpUrl };
    private string id = "";
    private EnvdClient envd = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var made = await PostAsync("/sandboxes", """{"templateID":"base","timeout":300,"secure":true,"envVars":{"COLOUR":"green"}}""");
        var sandbox = JsonDocument.Parse(await made.Content.ReadAsStringAsync(Cancel)).RootElement;
        id = sandbox.GetProperty("sandboxID").GetString()!;
        proxied.DefaultRequestHeaders.Host = $"{Ports.Envd}-{id}.moru.localhost";
        envd = new EnvdClient(proxied, fixture.Server.HttpUrl!, sandbox.GetProperty("envdAccessToken").GetString());
    }

    public async ValueTask DisposeAsync()
    {
        (await api.DeleteAsync($"/sandboxes/{id}", CancellationToken.None)).Dispose();
        api.Dispose();
        proxied.Dispose();
    }

    [Fact]
    public async Task A_process_goes_on_with_its_pid_memory_and_environment()
    {
        await using var counter = await StartAsync("n=41; echo ready; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo $((n + 1)) $COLOUR > /tmp/said");

        await PauseAsync();
        await ResumeAsync();

        Assert.Contains(await envd.ListProcessesAsync(Cancel), process => process.Pid == counter.Pid);
        await RunAsync("touch /tmp/go");
        await Eventually.TrueAsync(async () => await RunAsync("cat /tmp/said 2>/dev/null") == "42 green");
    }

    [Fact]
    public async Task A_sandbox_that_starts_processes_all_the_time_can_be_paused()
    {
        await using var forks = await StartAsync("for i in 1 2 3 4; do (while :; do /bin/true; done) & done; echo ready; wait");

        for (var round = 0; round < 3; round++)
        {
            await PauseAsync();
            await ResumeAsync();
        }

        Assert.Contains(await envd.ListProcessesAsync(Cancel), process => process.Pid == forks.Pid);
    }

    [Fact]
    public async Task An_open_stream_ends_at_the_pause_and_its_process_does_not()
    {
        await using var sleeper = await StartAsync("echo ready; exec sleep 1000");
        var rest = sleeper.Events.MoveNextAsync();

        await PauseAsync();

        // It breaks off, as it would if the sandbox had been killed; it does not end as a command does.
        await Assert.ThrowsAnyAsync<Exception>(() => rest.AsTask().WaitAsync(TimeSpan.FromSeconds(5), Cancel));
        await ResumeAsync();
        Assert.Contains(await envd.ListProcessesAsync(Cancel), process => process.Pid == sleeper.Pid);
    }

    [Fact]
    public async Task A_server_answers_again_after_the_pause_and_in_between_the_proxy_finds_no_sandbox()
    {
        await RunAsync("mkdir /tmp/www; echo hello > /tmp/www/note; nohup python3 -m http.server -d /tmp/www 8000 > /dev/null 2>&1 &");
        Assert.Equal((HttpStatusCode.OK, "hello\n"), await FetchAsync(8000, "/note"));

        await PauseAsync();
        var (server, agent) = (await FetchAsync(8000, "/note"), await FetchAsync(Ports.Envd, "/health"));
        await ResumeAsync();

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.BadGateway), (server.Status, agent.Status));
        Assert.Contains("The sandbox was not found", agent.Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "hello\n"), await FetchAsync(8000, "/note"));
    }

    [Fact]
    public async Task What_was_about_to_happen_happens_soon_after_the_resume_and_not_before()
    {
        await using var writer = await StartAsync("echo ready; sleep 2; echo done > /tmp/late");

        await PauseAsync();
        var resumed = Stopwatch.GetTimestamp();
        await ResumeAsync();
        var early = await RunAsync("cat /tmp/late 2>/dev/null || echo nothing");
        await Eventually.TrueAsync(async () => await RunAsync("cat /tmp/late 2>/dev/null || echo nothing") == "done");

        Assert.Equal("nothing", early);
        Assert.InRange(Stopwatch.GetElapsedTime(resumed).TotalSeconds, 0.5, 6);
    }

    private async Task PauseAsync()
    {
        using var answer = await PostAsync($"/sandboxes/{id}/pause", null);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private async Task ResumeAsync()
    {
        using var answer = await PostAsync($"/sandboxes/{id}/connect", """{"timeout":300}""");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string? json) =>
        api.PostAsync(path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), Cancel);

    private async Task<(HttpStatusCode Status, string Body)> FetchAsync(int port, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = $"{port}-{id}.moru.localhost" } };
        using var answer = await proxied.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<string> RunAsync(string line)
    {
        await using var events = envd.StartAsync(Bash(line), "user", null, Cancel).GetAsyncEnumerator(Cancel);
        return await RestAsync(events);
    }

    /// <summary>Starts a line that says "ready" first, and listens on.</summary>
    private async Task<Running> StartAsync(string line)
    {
        var events = envd.StartAsync(Bash(line), "user", null, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await events.MoveNextAsync());
        var pid = events.Current.Start!.Pid;
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("ready\n", Text(events.Current));
        return new Running(pid, events);
    }

    private static async Task<string> RestAsync(IAsyncEnumerator<ProcessEvent> events)
    {
        var output = new StringBuilder();
        while (await events.MoveNextAsync()) output.Append(Text(events.Current));
        return output.ToString().Trim();
    }

    private static string Text(ProcessEvent step) => Encoding.UTF8.GetString((step.Data?.Stdout ?? default).Span);

    private static StartRequest Bash(string line) => new() { Process = new ProcessConfig { Cmd = "/bin/bash", Args = ["-l", "-c", line] } };

    private sealed record Running(int Pid, IAsyncEnumerator<ProcessEvent> Events) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Events.DisposeAsync();
    }
}
