using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private readonly MoruRuntime runtime;
    private readonly IContainerEngine engine;
    private readonly SandboxProxy proxy;
    private readonly RateLimits rates;
    private readonly WebApplication app;

    private MoruServer(MoruRuntime runtime, IContainerEngine engine, SandboxProxy proxy, RateLimits rates, WebApplication app)
    {
        this.runtime = runtime;
        this.engine = engine;
        this.proxy = proxy;
        this.rates = rates;
        this.app = app;
    }

    /// <summary>The unix socket <c>moru.sock</c> in the data directory, mode 0600.</summary>
    public required string SocketPath { get; init; }

    /// <summary>The API key of this machine, which is also in the file <c>api-key</c> of the data directory.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Root of the API on TCP; null when the server listens on the socket alone.</summary>
    public required Uri? HttpUrl { get; init; }

    /// <summary>Ends when the server has stopped.</summary>
    public Task Stopped => app.WaitForShutdownAsync();

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
        WebApplication? app = null;
        try
        {
            var file = ConfigurationFile.Read(options.DataDirectory);
            options = file.Apply(options);
            runtime = await MoruRuntime.OpenAsync(file.Apply(runtimeOptions), engine, time, logs, cancellationToken);
            proxy = new SandboxProxy(runtime.Sandboxes);
            var socketPath = Path.Combine(Path.GetFullPath(options.DataDirectory), SocketName);
            rates = new RateLimits(runtime, options.AnonymousRequestsPerMinute, time);
            app = Build(options, runtime, proxy, rates, socketPath, logs);

            File.Delete(socketPath); // left by a server that was killed; holding the directory's lock proves that it is gone
            await app.StartAsync(cancellationToken);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(socketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new MoruServer(runtime, engine, proxy, rates, app) { SocketPath = socketPath, ApiKey = runtime.LocalKey, HttpUrl = Listening(app) };
        }
        catch
        {
            if (app is not null) await app.DisposeAsync();
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
        using (var patience = new CancellationTokenSource(StopPatience))
            await app.StopAsync(patience.Token);
        await app.DisposeAsync();
        proxy.Dispose();
        rates.Dispose();
        await runtime.DisposeAsync();
        await engine.DisposeAsync();
    }

    private static WebApplication Build(
        ServerOptions options, MoruRuntime runtime, SandboxProxy proxy, RateLimits rates, string socketPath, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel.Limits);
            kestrel.AddServerHeader = false;
            kestrel.ListenUnixSocket(socketPath);
            if (options.Http is { } endpoint) kestrel.Listen(endpoint);
        });

        var authentication = new Authentication(runtime, options.AdminToken);
        var app = builder.Build();
        app.Use(proxy.Middleware(app.Services.GetRequiredService<Yarp.ReverseProxy.Forwarder.IHttpForwarder>()));
        app.Use(ApiErrors.Middleware(logs.CreateLogger("Moru.Server.Api")));
        app.Use(authentication.IdentifyAsync);
        app.Use(rates.CountAsync);
        app.Use(HostCheck.Middleware(options.Domain));
        app.Use(Cors.InvokeAsync);
        app.Use(rates.RefuseAsync);
        app.UseRouting();
        app.Use(Authentication.DemandAsync);
        app.Use(rates.SpendAsync);
        new SandboxEndpoints(runtime, options.Domain).Map(app);
        new LifecycleEndpoints(runtime, options.Domain).Map(app);
        new RunEndpoints(runtime).Map(app);
        new TeamEndpoints(runtime).Map(app);
        new CredentialEndpoints(runtime).Map(app);
        new AdminEndpoints(runtime).Map(app);
        new NodeEndpoints(runtime).Map(app);
        app.UseEndpoints(_ => { });
        return app;
    }

    /// <summary>Streams to and from sandboxes may be slow or silent for as long as they like; only API bodies are small.</summary>
    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = 1 << 20;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(620);
    }

    private static Uri? Listening(WebApplication app) =>
        app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses
            .Where(address => !address.Contains("unix:", StringComparison.Ordinal))
            .Select(address => new Uri(address))
            .FirstOrDefault();
}
