using Moru.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>A data directory, the servers that die on it one after another, and what a last one cleans up.</summary>
public abstract class KilledServer : IAsyncDisposable
{
    private readonly TemporaryDirectory data = new();

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected string DataDirectory => data.Path;

    private string Key => File.ReadAllText(Path.Combine(data.Path, "api-key")).Trim();

    public async ValueTask DisposeAsync()
    {
        await using (var last = await ServeAsync())
        using (var client = Client())
        using (var api = Api())
        {
            await foreach (var sandbox in client.ListSandboxesAsync()) await client.KillSandboxAsync(sandbox.SandboxId);
            await CleanUpAsync(api);
            await last.TerminateAsync();
        }

        data.Dispose();
        GC.SuppressFinalize(this);
    }

    protected virtual Task CleanUpAsync(HttpClient api) => Task.CompletedTask;

    private protected async Task<McpProcess> ServeAsync()
    {
        var server = McpProcess.Start(data.Path, "serve --port 0 --no-https");
        await server.Output.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Eventually.Limit);
        return server;
    }

    protected MoruClient Client() => new(new MoruOptions { ApiUrl = new Uri("unix:" + Path.Combine(data.Path, "moru.sock")), ApiKey = Key });

    protected HttpClient Api() => new() { BaseAddress = new Uri(File.ReadAllText(Path.Combine(data.Path, "http-url"))), DefaultRequestHeaders = { { Headers.ApiKey, Key } } };

    protected static Task<string> DockerAsync(params string[] arguments) => Shell.RunAsync(["docker", .. arguments]);
}
