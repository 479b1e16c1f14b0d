using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>One place for a sandbox in a load: it does one thing after another to it, and remembers what the server has confirmed.</summary>
internal sealed class CrashSlot(string name, int seed)
{
    // Between the clocks of a request and of the server lies the time that the call takes.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(5);

    private readonly Random random = new(seed);
    private readonly List<DateTimeOffset> possibleEnds = [];
    private string? id;
    private bool isCertain = true;
    private bool mayBePaused;
    private bool isPaused;

    /// <summary>Goes on until the server does not answer.</summary>
    public async Task RunAsync(HttpClient api, HttpClient envd)
    {
        try
        {
            while (true)
            {
                isCertain = false;
                await StepAsync(api, envd);
                isCertain = true;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException { StatusCode: null } or IOException or ConnectException or JsonException)
        {
            // Whether the server did what was asked last is open.
        }
        catch (HttpRequestException gone) when (gone.StatusCode is HttpStatusCode.NotFound && MayHaveEnded)
        {
            // Its time was over before the call came.
        }
    }

    /// <summary>Compares what was confirmed with what the next server lists.</summary>
    public void Compare(IReadOnlyList<ListedSandbox> listed)
    {
        var own = listed.Where(sandbox => sandbox.Metadata?.GetValueOrDefault("slot") == name).ToList();
        if (isCertain && !MayHaveEnded) Assert.Equal(id is null ? [] : [id], own.Select(sandbox => sandbox.SandboxId));
        else if (id is not null) Assert.All(own, sandbox => Assert.Equal(id, sandbox.SandboxId));
        Assert.InRange(own.Count, 0, 1);
        if (own is [{ State: SandboxState.Running } running])
        {
            Assert.True(running.EndAt > DateTimeOffset.UtcNow - Slack, $"{name} should have ended at {running.EndAt:O}");
            Assert.True(possibleEnds.Exists(end => (running.EndAt - end).Duration() < Slack), $"{name} ends at {running.EndAt:O}, which nobody asked for");
        }

        if (own is [{ State: SandboxState.Paused }]) Assert.True(mayBePaused, $"{name} is paused, which nobody asked for");

        id = own is [var found] ? found.SandboxId : null;
        isPaused = own is [{ State: SandboxState.Paused }];
        if (id is null) Forget();
    }

    private bool MayHaveEnded => possibleEnds.Exists(end => end < DateTimeOffset.UtcNow + Slack);

    private async Task StepAsync(HttpClient api, HttpClient envd)
    {
        if (id is null)
        {
            var seconds = NextTimeout();
            var labels = new Dictionary<string, string> { ["slot"] = name };
            id = await CreateAsync(api, new NewSandbox { TemplateId = "base", Timeout = seconds, Metadata = labels });
            KeepLastEnd();
            return;
        }

        if (isPaused)
        {
            await PostAsync(api, "connect", NextTimeout());
            KeepLastEnd();
            isPaused = mayBePaused = false;
            return;
        }

        switch (random.Next(10))
        {
            case 0:
                (await api.DeleteAsync($"sandboxes/{id}")).EnsureSuccessStatusCode();
                Forget();
                break;
            case 1 or 2:
                mayBePaused = true;
                (await api.PostAsync($"sandboxes/{id}/pause", null)).EnsureSuccessStatusCode();
                await PostAsync(api, "connect", NextTimeout());
                KeepLastEnd();
                mayBePaused = false;
                break;
            case 3 or 4:
                await PostAsync(api, "timeout", NextTimeout());
                KeepLastEnd();
                break;
            default:
                var client = new EnvdClient(envd, new Uri($"http://49983-{id}.moru.localhost/"));
                await foreach (var _ in client.StartAsync(new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = ["-c", "echo working"] }, Stdin = false }, null, null, default)) { }
                break;
        }
    }

    /// <summary>Some are over soon, perhaps while there is no server.</summary>
    private int NextTimeout()
    {
        var seconds = random.Next(4) == 0 ? random.Next(3) : random.Next(200, 4000);
        possibleEnds.Add(DateTimeOffset.UtcNow.AddSeconds(seconds));
        return seconds;
    }

    private void KeepLastEnd() => possibleEnds.RemoveRange(0, possibleEnds.Count - 1);

    private void Forget()
    {
        id = null;
        mayBePaused = false;
    }

    private async Task PostAsync(HttpClient api, string action, int timeout) =>
        (await api.PostAsJsonAsync($"sandboxes/{id}/{action}", new SandboxTimeout(timeout), ApiJson.Default.SandboxTimeout)).EnsureSuccessStatusCode();

    private static async Task<string> CreateAsync(HttpClient api, NewSandbox wanted)
    {
        using var answer = (await api.PostAsJsonAsync("sandboxes", wanted, ApiJson.Default.NewSandbox)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.SandboxAccess))!.SandboxId;
    }
}
