using System.Net.Http;
using System.Net.Sockets;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>Makes a container into a sandbox: start it, wait for envd, tell envd what it is, and later when that changes.</summary>
internal sealed class SandboxStart(IContainerEngine engine, EnvdCopies envd, VolumeDisks disks, SandboxNetwork network, string ownerId) : IDisposable
{
    /// <summary>The stage in which a template's own commands run.</summary>
    public const string StartUpStage = "startup";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(100);

    // A bridge may lose the first packet to a new container, and the kernel sends it again only after a second.
    private static readonly TimeSpan FirstConnect = TimeSpan.FromMilliseconds(150);

    private readonly HttpClient http = NewClient();

    /// <summary>
    /// A client for agents. Container addresses are local, whatever proxy the environment names. They soon belong to another container, to
    /// which an old connection means nothing: keeping none spares a new sandbox the second until that shows.
    /// </summary>
    public static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = OneTry,
        ConnectCallback = ConnectAsync,
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

        // An agent asks for the token only when it knows it: from a try on whose answer got lost.
        var client = Agent(container.Address, record.AccessToken);
        await stages.MeasureAsync("agent", () => AnswersAsync(client, cancellationToken));
        await stages.MeasureAsync("init", async () =>
        {
            await InitAsync(client, record, template, container.ImageEnv, now, cancellationToken);
            return container;
        });
        if (template.StartCommand is not null || template.ReadyCommand is not null)
            await stages.MeasureAsync(StartUpStage, () => StartUpAsync(client, record, template, cancellationToken));
        return container;
    }

    private static async Task<bool> StartUpAsync(EnvdClient client, SandboxRecord record, Template template, CancellationToken cancellationToken)
    {
        try
        {
            await new StartupCommands(client, template.DefaultUser, template.Workdir, new Dictionary<string, string>())
                .RunAsync(template.StartCommand, template.ReadyCommand, ReadyPause, onLine: null, cancellationToken);
            return true;
        }
        catch (RuntimeException failure)
        {
            throw new RuntimeException(failure.Error, $"Sandbox '{record.Id}' of template '{template.Alias ?? template.Id}' did not become ready: {failure.Message}", failure);
        }
    }

    /// <summary>Tells the agent of a running sandbox when it is to end.</summary>
    public Task TellDeadlineAsync(SandboxRecord record, DateTimeOffset now, CancellationToken cancellationToken) =>
        Agent(record.Address!, record.AccessToken).InitAsync(new InitRequest { Timestamp = now, Deadline = record.EndAt }, cancellationToken);

    /// <summary>Waits for the agent of a container that goes on, and tells it again what it is.</summary>
    public async Task GoOnAsync(SandboxRecord record, Template? template, EngineContainer container, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = Agent(record.Address!, record.AccessToken);
        await AnswersAsync(client, cancellationToken);
        await InitAsync(client, record, template, container.ImageEnv, now, cancellationToken);
    }

    /// <summary>The agent of a running sandbox.</summary>
    public EnvdClient Agent(SandboxRecord record) => Agent(record.Address!, record.AccessToken);

    public void Dispose() => http.Dispose();

    private EnvdClient Agent(EngineAddress address, string? token) =>
        new(http, new UriBuilder(Uri.UriSchemeHttp, address.Host, address.EnvdPort).Uri, token);

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        for (var patience = FirstConnect; ; patience *= 2)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            attempt.CancelAfter(patience);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, attempt.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception failure)
            {
                socket.Dispose();
                if (failure is not OperationCanceledException || cancellationToken.IsCancellationRequested) throw;
            }
        }
    }

    /// <returns>How many tries it took.</returns>
    internal static Task<int> AnswersAsync(EnvdClient client, CancellationToken cancellationToken) =>
        RepeatAsync(client.HealthAsync, failure => IsLost(failure) || failure is ConnectException, cancellationToken);

    /// <summary>Tells an agent something, again when the answer got lost.</summary>
    /// <returns>How many tries it took.</returns>
    /// <exception cref="ConnectException">The agent refuses.</exception>
    internal static Task<int> TellAsync(EnvdClient client, InitRequest init, CancellationToken cancellationToken) =>
        RepeatAsync(token => client.InitAsync(init, token), IsLost, cancellationToken);

    private static async Task<int> RepeatAsync(Func<CancellationToken, Task> call, Predicate<Exception> isPassing, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var tries = 1; ; tries++)
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            attempt.CancelAfter(OneTry);
            try
            {
                await call(attempt.Token);
                return tries;
            }
            catch (Exception failure) when (isPassing(failure))
            {
                // An agent whose sandbox is being ended may refuse before the cancellation is seen here.
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Delay(pause, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Whether a call got no answer, as on a machine with too much to do to connect in time.</summary>
    private static bool IsLost(Exception failure) => failure is HttpRequestException or OperationCanceledException;

    private static async Task InitAsync(
        EnvdClient client, SandboxRecord record, Template? template, IReadOnlyDictionary<string, string> imageEnv, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var env = new Dictionary<string, string>(imageEnv);
        foreach (var (name, value) in (template?.Env ?? imageEnv).Concat(record.EnvVars)) env[name] = value;
        env["MORU_SANDBOX"] = "true";
        env["MORU_SANDBOX_ID"] = record.Id;
        env["MORU_TEMPLATE_ID"] = record.TemplateId;
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
            await TellAsync(client, init, cancellationToken);
        }
        catch (ConnectException failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new RuntimeException(
                RuntimeError.StartFailed, $"The agent of sandbox '{record.Id}' refused its settings: {failure.Message}", failure);
        }
    }
}
