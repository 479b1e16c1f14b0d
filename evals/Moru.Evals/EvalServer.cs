using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Moru.Server;

namespace Moru.Evals;

/// <summary>
/// The server in whose sandboxes the tasks are tried: that of <c>MORU_API_URL</c>, else one of our own, which ends with the run and takes all that is on it along.
/// </summary>
internal sealed class EvalServer : IAsyncDisposable
{
    private readonly MoruServer? own;
    private readonly DirectoryInfo? directory;

    private EvalServer(string apiUrl, string apiKey, MoruServer? own = null, DirectoryInfo? directory = null)
    {
        (ApiUrl, ApiKey, this.own, this.directory) = (apiUrl, apiKey, own, directory);
        Client = new MoruClient(new MoruOptions { ApiUrl = new Uri(apiUrl), ApiKey = apiKey });
    }

    public string ApiUrl { get; }

    public string ApiKey { get; }

    public MoruClient Client { get; }

    /// <exception cref="ArgumentException">There is a URL but no key.</exception>
    public static async Task<EvalServer> StartAsync(CancellationToken cancellationToken)
    {
        if (Variable("MORU_API_URL") is { } url)
            return new EvalServer(url, Variable("MORU_API_KEY") ?? throw new ArgumentException("Set MORU_API_KEY too; `moru-mcp env` prints both."));
        var directory = Directory.CreateTempSubdirectory("moru-evals-");
        try
        {
            var options = new ServerOptions { DataDirectory = directory.FullName, EnvdPath = Variable("MORU_ENVD") ?? Path.Combine(AppContext.BaseDirectory, "envd") };
            var server = await MoruServer.StartAsync(options, NullLoggerFactory.Instance, cancellationToken);
            return new EvalServer("unix:" + server.SocketPath, server.ApiKey, server, directory);
        }
        catch
        {
            directory.Delete(recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (own is null)
        {
            Client.Dispose();
            return;
        }

        await foreach (var sandbox in Client.ListSandboxesAsync()) await Client.KillSandboxAsync(sandbox.SandboxId);
        Client.Dispose();
        await own.DisposeAsync();
        await RemoveImagesAsync(own.OwnerId);
        directory!.Delete(recursive: true);
    }

    /// <summary>The engine keeps the steps of builds for the next life of a server, and this one has none.</summary>
    private static async Task RemoveImagesAsync(string owner)
    {
        var list = $"docker image ls --format '{{{{.Repository}}}}:{{{{.Tag}}}}' --filter 'reference=moru-template/{owner}/*'";
        using var docker = Process.Start("bash", ["-c", $"{list} | xargs -r docker image rm >/dev/null"]);
        await docker.WaitForExitAsync();
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
