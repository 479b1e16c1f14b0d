using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// The MCP server over HTTP: the current protocol without sessions and the older ones with them at one URL, and the oldest, with a stream
/// of its own for answers, at two more below it when asked for: it has no back pressure.
/// </summary>
internal sealed class HttpFace : IAsyncDisposable
{
    public const string Path = "/mcp";

    // The largest file that a tool writes, 8 MiB, with each character of it escaped.
    private const long MaxBody = 48 << 20;

    // What clients with sessions may still ask for when their connection has broken; when it is full, nothing more is kept for them.
    private const long MaxEvents = 64 << 20;

    private const int MaxConnections = 2_000;

    // For the first byte of a connection, and for the headers of each request.
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan EventAge = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    private readonly WebApplication app;
    private readonly HttpSessions sessions;

    private HttpFace(WebApplication app, HttpSessions sessions) => (this.app, this.sessions) = (app, sessions);

    /// <summary>Where clients find it.</summary>
    public Uri Url => new(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), Path);

    /// <summary>What a test puts in front of the pipeline and into what sessions offer.</summary>
    internal sealed record Additions(Action<WebApplication> Before, Action<McpServerOptions> Serve);

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<HttpFace> StartAsync(Settings settings, Backend backend, ILoggerFactory logs, CancellationToken cancellationToken, Additions? additions = null)
    {
        var sessions = new HttpSessions(backend, settings, TimeProvider.System);
        var app = Build(settings, backend, sessions, logs, additions);
        try
        {
            await app.StartAsync(cancellationToken);
            return new HttpFace(app, sessions);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves sandboxes running for clients that come back.</summary>
    public async ValueTask DisposeAsync()
    {
        using (var patience = new CancellationTokenSource(StopPatience)) await app.StopAsync(patience.Token);
        await app.DisposeAsync();
        await sessions.DisposeAsync();
    }

    private static WebApplication Build(Settings settings, Backend backend, HttpSessions sessions, ILoggerFactory logs, Additions? additions)
    {
        var connections = new HttpConnections(MaxConnections / 2, FirstPatience, TimeProvider.System);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        // In these words the SDK refuses messages to sessions of the oldest transport that it does not know.
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = McpJsonUtilities.DefaultOptions.TypeInfoResolver);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.Services.AddSingleton<ISessionMigrationHandler>(services => services.GetRequiredService<SessionFiles>());
        builder.Services.AddSingleton(new SessionFiles(settings.DataDirectory));
        builder.Services.AddDistributedMemoryCache(cache => cache.SizeLimit = MaxEvents);
        builder.Services.AddMcpServer(options =>
        {
            McpFace.Describe(options, logs);
            // The SDK compares headers with what it knows before there is a session, which then brings handlers of its own.
            options.RequestHandlers = [.. new McpTasks(TimeProvider.System).Handlers];
            options.Filters.Message.OutgoingFilters.Add(McpVersions.Filter);
        }).WithHttpTransport(transport => Configure(transport, settings, sessions, logs.CreateLogger("Moru.Mcp"), additions))
            .WithDistributedCacheEventStreamStore(Keep);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(settings.Http, listen => listen.Use(next => connection => connections.ServeAsync(connection, next)));
            Limit(kestrel.Limits);
        });

        var app = builder.Build();
        additions?.Before(app);
        app.Use(new HttpGuard(settings.McpHosts).InvokeAsync);
        app.Use(HttpProblem.CatchAsync);
        var authentication = new HttpAuthentication(backend, TimeProvider.System);
        app.Lifetime.ApplicationStopped.Register(authentication.Dispose);
        app.Use(authentication.InvokeAsync);
        app.Use(app.Services.GetRequiredService<SessionFiles>().InvokeAsync);
        app.Use(new HttpBodies().InvokeAsync);
        app.UseRouting();
        HttpMetadata.Map(app);
        app.MapMcp(Path);
        app.UseEndpoints(_ => { });
        return app;
    }

    private static void Configure(HttpServerTransportOptions transport, Settings settings, HttpSessions sessions, ILogger logger, Additions? additions)
    {
        transport.SessionMode = HttpServerSessionMode.StatefulForInitializeClients;
        transport.EnableLegacySse = settings.McpSse;
        transport.IdleTimeout = TimeSpan.FromMinutes(30);
        transport.MaxIdleSessionCount = 1_000;
        transport.ConfigureSessionOptions = async (context, options, _) =>
        {
            var owner = context.Features.Get<HttpOwner>()!;
            var isSession = HttpMethods.IsGet(context.Request.Method) || context.Response.Headers.ContainsKey(SessionFiles.Header);
            var lease = await (isSession ? sessions.OpenAsync(owner) : sessions.UseAsync(owner));
            var subscriptions = new McpSubscriptions(lease.Session, logger);
            context.Features.Set(lease);
            context.Features.Set(subscriptions);
            McpFace.Serve(options, lease.Session, subscriptions);
            additions?.Serve(options);
        };
        transport.RunSessionHandler = async (context, server, cancellationToken) =>
        {
            var files = context.RequestServices.GetRequiredService<SessionFiles>();
            var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using (context.Features.Get<HttpSessions.Lease>())
            await using (var subscriptions = context.Features.Get<McpSubscriptions>())
            {
                if (server.SessionId is not null) subscriptions!.TellOfSandboxes(server);
                await server.RunAsync(cancellationToken);
            }

            if (server.SessionId is { } ended && !stopping.IsCancellationRequested) files.Delete(ended);
        };
    }

    private static void Keep(DistributedCacheEventStreamStoreOptions events) =>
        (events.EventSlidingExpiration, events.EventAbsoluteExpiration, events.MetadataSlidingExpiration, events.MetadataAbsoluteExpiration) = (EventAge, EventAge, EventAge * 2, TimeSpan.FromHours(2));

    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = MaxBody;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MinResponseDataRate = null; // streams are read as slowly as clients like
        limits.RequestHeadersTimeout = FirstPatience;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
    }
}
