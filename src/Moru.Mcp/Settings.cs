using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Moru.Runtime;
using Moru.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>What the command line and the environment say, with defaults filled in.</summary>
internal sealed partial record Settings
{
    // The address of a unix socket holds 108 bytes, the last of them zero.
    private const int MaxSocketPath = 107;

    /// <summary>Absolute path of the data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The agent that sandboxes run.</summary>
    public required string EnvdPath { get; init; }

    /// <summary>The server to use in place of one on this machine; null: none.</summary>
    public MoruOptions? Remote { get; init; }

    public required IPEndPoint Http { get; init; }

    /// <summary>Null: no TLS.</summary>
    public IPEndPoint? Https { get; init; }

    /// <summary>Domain of sandbox host names; null: the server's default.</summary>
    public string? Domain { get; init; }

    /// <summary>Name under which the session sandbox is kept and found again; null: it ends with the session.</summary>
    public string? Session { get; init; }

    /// <summary>Names by which clients may reach the MCP server over HTTP, besides those of this machine.</summary>
    public IReadOnlyList<string> McpHosts { get; init; } = [];

    /// <summary>Whether clients of the oldest HTTP transport are served.</summary>
    public bool McpSse { get; init; }

    /// <summary>Whether clients can resolve host names of sandboxes; null: find out.</summary>
    public bool? Dns { get; init; }

    public SandboxAddressing Addressing { get; init; }

    /// <summary>The administrator's secret, for the server that is started here and for the commands that ask one; null: none.</summary>
    public string? AdminToken { get; init; }

    /// <summary>The tools that models are offered.</summary>
    public Toolsets Toolsets { get; init; } = Toolsets.Core;

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    public string SocketPath => Path.Combine(DataDirectory, MoruServer.SocketName);

    public string ApiKeyPath => Path.Combine(DataDirectory, KeyFile.Name);

    /// <summary>Where a server says under which URL it listens.</summary>
    public string HttpUrlPath => Path.Combine(DataDirectory, "http-url");

    /// <exception cref="InvalidArgumentException">A value makes no sense; the message names it.</exception>
    public static Settings From(CommandLine line)
    {
        var data = Path.GetFullPath(line.DataDirectory ?? Variable("MORU_DATA_DIR") ?? DefaultDataDirectory());
        var settings = new Settings
        {
            DataDirectory = data,
            EnvdPath = Variable("MORU_ENVD") ?? Path.Combine(AppContext.BaseDirectory, "envd"),
            Remote = Variable("MORU_API_URL") is null ? null : MoruOptions.FromEnvironment(),
            Http = new IPEndPoint(line.Listen, line.Port),
            Https = line.HttpsPort is { } port ? new IPEndPoint(line.Listen, port) : null,
            Domain = ReadDomain(line),
            Session = ReadSession(line),
            McpHosts = line.Hosts,
            McpSse = line.Sse,
            Dns = line.Dns,
            Addressing = ReadAddressing(),
            AdminToken = Variable("MORU_ADMIN_TOKEN"),
            Toolsets = ToolSet.Parse(line.Toolsets ?? Variable("MORU_TOOLSETS") ?? "core"),
            LogLevel = ReadLogLevel(),
        };
        return Encoding.UTF8.GetByteCount(settings.SocketPath) <= MaxSocketPath
            ? settings
            : throw new InvalidArgumentException($"The data directory's path is too long for a socket in it: '{data}'. Choose a shorter one with --data-dir.");
    }

    /// <summary>Messages for people: on stderr, since stdout may be the wire.</summary>
    public ILoggerFactory CreateLogs() => LoggerFactory.Create(logs =>
    {
        logs.SetMinimumLevel(LogLevel)
            // What goes wrong there is told to the client, or to the user in our own words. At trace the SDK writes down whole messages, arguments included.
            .AddFilter("ModelContextProtocol", LogLevel < LogLevel.Warning ? Least(LogLevel.Debug) : Least(LogLevel.Critical))
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel < LogLevel.Warning ? LogLevel : Least(LogLevel.Critical))
            // Ids of sessions are a part of what these say, at every level.
            .AddFilter("ModelContextProtocol.AspNetCore.StatefulSessionManager", LogLevel.None)
            .AddFilter("ModelContextProtocol.Server.StreamableHttpServerTransport", LogLevel.None)
            .AddFilter("ModelContextProtocol.Server.DistributedCacheEventStreamStore", LogLevel.None)
            // With the oldest transport one is in the URL.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel <= LogLevel.Debug ? LogLevel : Least(LogLevel.Warning))
            .AddConsole(console => (console.LogToStandardErrorThreshold, console.FormatterName) = (LogLevel.Trace, LogLines.FormatterName));
        logs.Services.AddSingleton<ConsoleFormatter, LogLines>();
    });

    private LogLevel Least(LogLevel least) => LogLevel > least ? LogLevel : least;

    private static string DefaultDataDirectory() =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "moru");

    private static LogLevel ReadLogLevel()
    {
        if (Variable("MORU_LOG") is not { } text) return LogLevel.Warning;
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level)
            ? level
            : throw new InvalidArgumentException($"MORU_LOG is '{text}'; use trace, debug, information, warning, error, critical or none.");
    }

    private static SandboxAddressing ReadAddressing() => Variable("MORU_SANDBOX_ADDRESS") switch
    {
        null or "auto" => SandboxAddressing.Automatic,
        "container" => SandboxAddressing.Container,
        "published" => SandboxAddressing.Published,
        var text => throw new InvalidArgumentException($"MORU_SANDBOX_ADDRESS is '{text}'; use auto, container or published."),
    };

    private static string? ReadSession(CommandLine line)
    {
        if ((line.Session ?? Variable("MORU_SESSION")) is not { } text) return null;
        return SessionName.IsValid(text) ? text : throw new InvalidArgumentException($"The session is '{text}'; give it {SessionName.Rule}, with --session or MORU_SESSION.");
    }

    private static string? ReadDomain(CommandLine line)
    {
        if ((line.Domain ?? Variable("MORU_SERVER_DOMAIN")) is not { } text) return null;
        return Domains().IsMatch(text)
            ? text.ToLowerInvariant()
            : throw new InvalidArgumentException($"The domain is '{text}'; give a name of at least two parts, such as moru.localhost or sandboxes.example.com:443, with --domain or MORU_SERVER_DOMAIN.");
    }

    // At most 190 characters, so that a sandbox's label fits before it. A wildcard certificate needs two labels.
    [GeneratedRegex(@"^(?=[^:]{1,190}(:|\z))([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Domains();

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
