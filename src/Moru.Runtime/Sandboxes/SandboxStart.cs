using System.Net.Http;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>Makes a container into a sandbox: start it, wait for envd, tell envd what it is, and later when that changes.</summary>
internal sealed class SandboxStart(IContainerEngine engine, EnvdCopies envd, VolumeDisks disks, SandboxNetwork network, string ownerId) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(2);

    // A bridge may lose the first packet to a new container, and the kernel sends it again only after a second.
    private static readonly TimeSpan OneConnect = TimeSpan.FromMilliseconds(150);

    // Container addresses are local, whatever proxy the environment names. They soon belong to another container, to which an old
    // connection means nothing: keeping none spares a new sandbox the second until that shows.
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = OneConnect,
        PooledConnectionIdleTimeout = TimeSpan.Zero,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<EngineContainer> RunAsync(
        SandboxRecord record, Template template, StageTimes stages, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var spec = new ContainerSpec
        {
            SandboxId = record.Id,
            OwnerId = ownerId,
            TemplateId = record.TemplateId,
            Image = template.Image,
            EnvdPath = envd.PathOf(record.EnvdDigest),
            Limits = record.Limits,
            AllowInternet = record.AllowInternet,
            Network = await stages.MeasureAsync("network", () => network.AdmitAsync(record, cancellationToken)),
            Volume = record.Volume is { } volume ? new VolumeBind((await disks.OpenAsync(volume.VolumeId, cancellationToken)).Files, volume.Path) : null,
        };
        var container = await stages.MeasureAsync("start", () => engine.StartAsync(spec, cancellationToken));

        var client = Agent(container.Address, token: null);
        await stages.MeasureAsync("agent", () => AnswersAsync(client, cancellationToken));
        return await stages.MeasureAsync("init", async () =>
        {
            await InitAsync(client, record, template, now, cancellationToken);
            return container;
        });
    }

    /// <summary>Tells the agent of a running sandbox when it is to end.</summary>
    public Task TellDeadlineAsync(SandboxRecord record, DateTimeOffset now, CancellationToken cancellationToken) =>
        Agent(record.Address!, record.AccessToken).InitAsync(new InitRequest { Timestamp = now, Deadline = record.EndAt }, cancellationToken);

    /// <summary>Waits for the agent of a container that goes on, and tells it again what it is.</summary>
    public async Task GoOnAsync(SandboxRecord record, Template? template, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = Agent(record.Address!, record.AccessToken);
        await AnswersAsync(client, cancellationToken);
        await InitAsync(client, record, template, now, cancellationToken);
    }

    /// <summary>The agent of a running sandbox.</summary>
    public EnvdClient Agent(SandboxRecord record) => Agent(record.Address!, record.AccessToken);

    public void Dispose() => http.Dispose();

    private EnvdClient Agent(EngineAddress address, string? token) =>
        new(http, new UriBuilder(Uri.UriSchemeHttp, address.Host, address.EnvdPort).Uri, token);

    /// <returns>How many tries it took.</returns>
    private static async Task<int> AnswersAsync(EnvdClient client, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var tries = 1; ; tries++)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            attempt.CancelAfter(OneTry);
            try
            {
                await client.HealthAsync(attempt.Token);
                return tries;
            }
            catch (Exception failure) when (IsNotYet(failure))
            {
                // An agent whose sandbox is being ended may refuse before the cancellation is seen here.
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Delay(pause, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private static bool IsNotYet(Exception failure) => failure is HttpRequestException or ConnectException or OperationCanceledException;

    private static async Task InitAsync(
        EnvdClient client, SandboxRecord record, Template? template, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var env = new Dictionary<string, string>(record.EnvVars)
        {
            ["MORU_SANDBOX"] = "true",
            ["MORU_SANDBOX_ID"] = record.Id,
            ["MORU_TEMPLATE_ID"] = record.TemplateId,
        };
        if (record.Volume is { } volume)
        {
            env["MORU_VOLUME_ID"] = volume.VolumeId;
            env["MORU_VOLUME_MOUNT_PATH"] = volume.Path;
        }

        var init = new InitRequest
        {
            EnvVars = env,
            AccessToken = record.AccessToken,
            Timestamp = now,
            Deadline = record.EndAt,
            DefaultUser = template?.DefaultUser,
            DefaultWorkdir = template?.Workdir,
        };
        try
        {
            await client.InitAsync(init, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or ConnectException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new RuntimeException(
                RuntimeError.StartFailed, $"The agent of sandbox '{record.Id}' refused its settings: {failure.Message}", failure);
        }
    }
}
