using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>
/// A running Moru server: the control plane and the sandbox proxy, on a unix socket in the data directory and, when asked,
/// on TCP. Disposing it leaves the sandboxes running; the next server on the same data directory finds them again.
/// </summary>
public sealed class MoruServer : IAsyncDisposable
{
    /// <summary>Name of the unix socket in the data directory.</summary>
    public const string SocketName = "moru.sock";

    /// <summary>Name of the file in the data directory with the certificate that clients of HTTPS must trust.</summary>
    public const string AuthorityName = LocalAuthority.CertificateName;

    /// <summary>Name of the file with the same and all that this machine trusts.</summary>
    public const string TrustBundleName = LocalAuthority.BundleName;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private readonly MoruRuntime runtime;
    private readonly IContainerEngine engine;
    private readonly SandboxProxy proxy;
    private readonly RateLimits rates;
    private readonly LocalAuthority? authority;
    private readonly WebApplication app;
    private readonly Drain drain;
    private readonly OtlpExport? telemetry = OtlpExport.FromEnvironment();

    private MoruServer(MoruRuntime runtime, IContainerEngine engine, SandboxProxy proxy, RateLimits rates, LocalAuthority? authority, WebApplication app, Drain drain)
    {
        this.drain = drain;
        this.runtime = runtime;
        this.engine = engine;
        this.proxy = proxy;
        this.rates = rates;
        this.authority = authority;
        this.app = app;
    }

    /// <summary>The unix socket <c>moru.sock</c> in the data directory, mode 0600.</summary>
    public required string SocketPath { get; init; }

    /// <summary>The API key of this machine, which is also in the file <c>api-key</c> of the data directory.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Root of the API on TCP; null when the server listens on the socket alone.</summary>
    public required Uri? HttpUrl { get; init; }

    /// <summary>Root of the API with TLS; null when there is none.</summary>
    public required Uri? HttpsUrl { get; init; }

    /// <summary>What clients form host names of sandboxes with, a port included; null: whatever they are configured for.</summary>
    public required string? Domain { get; init; }

    /// <inheritdoc cref="MoruRuntime.OwnerId"/>
    internal string OwnerId => runtime.OwnerId;

    /// <summary>Ends when the process is asked to end; dispose of the server then.</summary>
    public Task Stopped => Task.Delay(Timeout.Infinite, app.Lifetime.ApplicationStopping).ContinueWith(_ => { }, TaskScheduler.Default);

    /// <summary>
    /// Opens the data directory and starts to listen. The engine is the one that <c>DOCKER_HOST</c> names, else that of
    /// <c>/var/run/docker.sock</c>; it need not answer yet.
    /// </summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.DataDirectoryInUse"/>: another process serves this directory.</exception>
    /// <exception cref="IOException">The TCP port is taken.</exception>
    public static Task<MoruServer> StartAsync(ServerOptions options, ILoggerFactory logs, CancellationToken cancellationToken) =>
        StartAsync(
            options, new RuntimeOptions { DataDirectory = options.DataDirectory, EnvdPath = options.EnvdPath },
            new DockerEngine(addressing: options.Addressing), TimeProvider.System, logs, cancellationToken);

    /// <summary>On an engine and a clock of the caller's choice. The server disposes of the engine.</summary>
    internal static async Task<MoruServer> StartAsync(
        ServerOptions options, RuntimeOptions runtimeOptions, IContainerEngine engine, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        MoruRuntime? runtime = null;
        RateLimits? rates = null;
        SandboxProxy? proxy = null;
        LocalAuthority? authority = null;
        WebApplication? app = null;
        try
        {
            var file = ConfigurationFile.Read(options.DataDirectory);
            options = file.Apply(options);
            runtime = await MoruRuntime.OpenAsync(file.Apply(runtimeOptions), engine, time, logs, cancellationToken);
            proxy = new SandboxProxy(runtime.Sandboxes);
            var socketPath = Path.Combine(Path.GetFullPath(options.DataDirectory), SocketName);
            rates = new RateLimits(runtime, options.AnonymousRequestsPerMinute, time);
            var domain = new ServerDomain(options.Domain, () => Listening(app!, Uri.UriSchemeHttps)?.Port, () => Listening(app!, Uri.UriSchemeHttp)?.Port);
            authority = options.Https is null ? null : LocalAuthority.Open(options.DataDirectory, domain.Name, time);
            var drain = new Drain();
            app = Build(options, runtime, proxy, rates, drain, authority, domain, socketPath, logs);

            File.Delete(socketPath); // left by a server that was killed; holding the directory's lock proves that it is gone
            await app.StartAsync(cancellationToken);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(socketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new MoruServer(runtime, engine, proxy, rates, authority, app, drain)
            {
                SocketPath = socketPath,
                ApiKey = runtime.LocalKey,
                HttpUrl = Listening(app, Uri.UriSchemeHttp),
                HttpsUrl = Listening(app, Uri.UriSchemeHttps),
                Domain = domain.Told,
            };
        }
        catch
        {
            if (app is not null) await app.DisposeAsync();
            authority?.Dispose();
            proxy?.Dispose();
            rates?.Dispose();
            if (runtime is not null) await runtime.DisposeAsync();
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await drain.StopAsync();
        using (var patience = new CancellationTokenSource(StopPatience))
            await app.StopAsync(patience.Token);
        await app.DisposeAsync();
        authority?.Dispose();
        proxy.Dispose();
        rates.Dispose();
        await runtime.DisposeAsync();
        await engine.DisposeAsync();
        telemetry?.Dispose();
    }

    private static WebApplication Build(
        ServerOptions options,
        MoruRuntime runtime,
        SandboxProxy proxy,
        RateLimits rates,
        Drain drain,
        LocalAuthority? authority,
        ServerDomain domain,
        string socketPath,
        ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new LogsWithoutUrls(logs));
        builder.Services.AddRoutingCore();
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<RequestCount>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel.Limits);
            kestrel.AddServerHeader = false;
            kestrel.ListenUnixSocket(socketPath);
            if (options.Http is { } plain) kestrel.Listen(plain);
            if (options.Https is { } secure)
                kestrel.Listen(secure, listen => listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificateSelector = (_, _) => authority!.ServerCertificate() }));
        });

        var authentication = new Authentication(runtime, options.AdminToken);
        var app = builder.Build();
        app.Use(app.Services.GetRequiredService<RequestCount>().InvokeAsync);
        app.Use(proxy.Middleware(app.Services.GetRequiredService<Yarp.ReverseProxy.Forwarder.IHttpForwarder>(), domain));
        app.Use(ApiErrors.Middleware(logs.CreateLogger("Moru.Server.Api")));
        app.Use(authentication.IdentifyAsync);
        app.Use(rates.CountAsync);
        app.Use(HostCheck.Middleware(domain));
        app.Use(Cors.InvokeAsync);
        app.Use(rates.RefuseAsync);
        app.UseRouting();
        app.Use(drain.InvokeAsync);
        app.Use(Authentication.DemandAsync);
        app.Use(rates.SpendAsync);
        new SandboxEndpoints(runtime, domain).Map(app);
        new LifecycleEndpoints(runtime, domain).Map(app);
        new NetworkEndpoints(runtime).Map(app);
        new RunEndpoints(runtime).Map(app);
        new TemplateEndpoints(runtime).Map(app);
        new TemplateBuildEndpoints(runtime).Map(app);
        new TemplateFileEndpoints(runtime).Map(app);
        new TeamEndpoints(runtime).Map(app);
        new CredentialEndpoints(runtime).Map(app);
        new AdminEndpoints(runtime).Map(app);
        new NodeEndpoints(runtime).Map(app);
        new VolumeEndpoints(runtime).Map(app);
        new ObservationEndpoints(runtime).Map(app);
        new HealthEndpoints(runtime, drain).Map(app);
        OpenApiDocument.Map(app);
        app.UseEndpoints(_ => { });
        return app;
    }

    /// <summary>Responses may be read as slowly as clients like, since streams are; requests that never come whole hold no connection.</summary>
    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = 1 << 20;
        limits.MinResponseDataRate = null;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(620);
    }

    private static Uri? Listening(WebApplication app, string scheme) =>
        app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses
            .Where(address => !address.Contains("unix:", StringComparison.Ordinal))
            .Select(address => new Uri(address))
            .FirstOrDefault(address => address.Scheme == scheme);
}
