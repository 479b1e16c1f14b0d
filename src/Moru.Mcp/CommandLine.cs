using System.Globalization;
using System.Net;

namespace Moru.Mcp;

/// <summary>What the user asked the program to do.</summary>
internal sealed record CommandLine
{
    public const int DefaultPort = 3000;

    public const int DefaultHttpsPort = 3443;

    public const int DefaultMcpPort = 3001;

    public const string Usage = """
        moru-mcp gives MCP clients Linux sandboxes to work in.

          moru-mcp [--toolsets LIST] [--session NAME] [--data-dir DIR]   MCP server on stdin and stdout, for an MCP client to start
              --toolsets LIST   core (default), files, commands, pty, templates, volumes, admin, code, all, or several with commas
              --session NAME    keep the session sandbox at the end, and find it again under that name
          moru-mcp http [options] [--data-dir DIR]      MCP server over HTTP, until SIGTERM; clients need an API key:
              --toolsets LIST   as above
              --port N          default 3001; 0: a free one
              --listen ADDRESS  the IP address to listen on (default 127.0.0.1)
              --sse             serve clients of the HTTP+SSE transport of 2024 as well
              --host NAME       a name that clients reach it by, besides localhost and addresses; may be given more than once
          moru-mcp serve [options] [--data-dir DIR]     HTTP server for SDKs, until SIGTERM:
              --port N          HTTP (default 3000; 0: a free one)
              --https-port N    HTTPS, with a certificate that clients must be told to trust (default 3443; 0: a free one)
              --no-https        HTTP alone
              --listen ADDRESS  the IP address to listen on (default 127.0.0.1)
              --domain NAME     domain of sandbox host names (default moru.localhost)
          moru-mcp config CLIENT [--url URL] [--toolsets LIST] [--session NAME] [--data-dir DIR]
                                what claude-code, claude-desktop, vscode, cursor or copilot needs to use this program, or an MCP server at a URL
          moru-mcp env [--dns | --no-dns] [--data-dir DIR]
                                the variables that SDKs need to use the server of this machine; whether host names of
                                sandboxes resolve here is tried out, unless an option says so
          moru-mcp keys [list | create NAME | delete ID] [--team ID] [--data-dir DIR]
                                API keys of the own team, or of any with MORU_ADMIN_TOKEN
          moru-mcp teams [list | create NAME | block ID | unblock ID] [--data-dir DIR]
                                teams of the server; needs MORU_ADMIN_TOKEN
          moru-mcp policy [show ID | explain ID HOST] [--data-dir DIR]
                                what a sandbox may reach and was refused; whether it may reach a host, and why
          moru-mcp --version | --help

        Variables: MORU_DATA_DIR, MORU_TOOLSETS, MORU_SESSION, MORU_API_URL and MORU_API_KEY (use that server instead of one here),
        MORU_SERVER_DOMAIN, MORU_SANDBOX_ADDRESS, MORU_ADMIN_TOKEN, MORU_ENVD, MORU_LOG, DOCKER_HOST.
        """;

    /// <summary><c>stdio</c>, <c>http</c>, <c>serve</c>, <c>config</c>, <c>env</c>, <c>keys</c>, <c>teams</c>, <c>policy</c>, <c>--version</c> or <c>--help</c>.</summary>
    public required string Verb { get; init; }

    public int Port { get; init; } = DefaultPort;

    /// <summary>Null: no TLS.</summary>
    public int? HttpsPort { get; init; } = DefaultHttpsPort;

    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    public string? Domain { get; init; }

    /// <summary>Whether clients can resolve host names of sandboxes; null: find out.</summary>
    public bool? Dns { get; init; }

    public string? DataDirectory { get; init; }

    /// <summary>Names of the toolsets to offer.</summary>
    public string? Toolsets { get; init; }

    /// <summary>Name of the session, under which its sandbox is kept.</summary>
    public string? Session { get; init; }

    /// <summary>Whether clients of the oldest HTTP transport are served.</summary>
    public bool Sse { get; init; }

    /// <summary>Names by which clients may reach the MCP server over HTTP.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Where the MCP server is that a client shall use; null: the client starts one.</summary>
    public Uri? Url { get; init; }

    /// <summary>What <c>keys</c>, <c>teams</c> and <c>policy</c> shall do; empty for the first two: list. The client of <c>config</c>.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The team whose keys are meant.</summary>
    public string? Team { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <param name="arguments">As the system passed them.</param>
    /// <param name="problem">What is wrong with them, when null is returned.</param>
    public static CommandLine? Parse(IReadOnlyList<string> arguments, out string problem)
    {
        problem = "";
        var rest = new Queue<string>(arguments);
        var line = new CommandLine { Verb = rest.TryPeek(out var first) && first is "http" or "serve" or "config" or "env" or "keys" or "teams" or "policy" or "--version" or "--help" or "-h" ? rest.Dequeue() : "stdio" };
        if (line.Verb == "http") line = line with { Port = DefaultMcpPort };
        while (rest.TryDequeue(out var option))
        {
            if (line.WithFlagOrDefault(option) is { } flagged)
            {
                line = flagged;
                continue;
            }

            var (name, value) = option.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (option[..at], option[(at + 1)..]) : (option, null);
            if (line.Verb is "keys" or "teams" or "policy" or "config" && !option.StartsWith('-'))
            {
                line = line with { Words = [.. line.Words, option] };
                continue;
            }

            if (!line.Takes(name)) problem = $"unknown argument '{option}'";
            else if (value is null && !rest.TryDequeue(out value)) problem = $"{name} needs a value";
            else line = line.With(name, value, out problem);
            if (problem.Length > 0) return null;
        }

        if (Does(line)) return line;
        problem = $"{line.Verb} needs {Needs(line.Verb)}{(line.Words.Count == 0 ? "" : $", not '{string.Join(' ', line.Words)}'")}";
        return null;
    }

    private static string Needs(string verb) => verb switch
    {
        "config" => $"one of {string.Join(", ", ClientConfiguration.Clients)}",
        "policy" => "'show ID' or 'explain ID HOST'",
        "keys" => "'list', 'create NAME' or 'delete ID'",
        _ => "'list', 'create NAME', 'block ID' or 'unblock ID'",
    };

    private bool Takes(string option) => (Verb, option) switch
    {
        (_, "--data-dir") or ("stdio" or "config", "--session") or ("stdio" or "http" or "config", "--toolsets") or ("config", "--url") or ("keys", "--team") => true,
        ("http", "--port" or "--listen" or "--host") => true,
        ("serve", "--port" or "--https-port" or "--listen" or "--domain") => true,
        _ => false,
    };

    private CommandLine? WithFlagOrDefault(string option) => (Verb, option) switch
    {
        ("serve", "--no-https") => this with { HttpsPort = null },
        ("http", "--sse") => this with { Sse = true },
        ("env", "--dns") => this with { Dns = true },
        ("env", "--no-dns") => this with { Dns = false },
        _ => null,
    };

    private CommandLine With(string option, string value, out string problem)
    {
        problem = "";
        switch (option)
        {
            case "--data-dir": return this with { DataDirectory = value };
            case "--toolsets": return this with { Toolsets = value };
            case "--team": return this with { Team = value };
            case "--domain": return this with { Domain = value };
            case "--session": return this with { Session = value };
            case "--url":
                if (Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https") return this with { Url = url };
                problem = $"--url must be an http or https URL such as http://127.0.0.1:3001/mcp, not '{value}'";
                return this;
            case "--host": return this with { Hosts = [.. Hosts, value] };
            case "--listen":
                if (IPAddress.TryParse(value, out var address)) return this with { Listen = address };
                problem = $"--listen must be an IP address such as 127.0.0.1 or 0.0.0.0, not '{value}'";
                return this;
            default:
                if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535)
                    return option == "--port" ? this with { Port = port } : this with { HttpsPort = port };
                problem = $"{option} must be a number from 0 to 65535, not '{value}'";
                return this;
        }
    }

    private static bool Does(CommandLine line) => (line.Verb, line.Words) switch
    {
        ("config", [var client]) => ClientConfiguration.Clients.Contains(client),
        ("config", _) => false,
        ("policy", ["show", _] or ["explain", _, _]) => true,
        ("policy", _) => false,
        (_, [] or ["list"]) or (_, ["create", _]) or ("keys", ["delete", _]) or ("teams", ["block" or "unblock", _]) => true,
        _ => false,
    };
}
