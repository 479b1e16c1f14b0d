using System.Globalization;

namespace Moru.Mcp;

/// <summary>What the user asked the program to do.</summary>
internal sealed record CommandLine
{
    public const int DefaultPort = 3000;

    public const string Usage = """
        moru-mcp gives MCP clients Linux sandboxes to work in.

          moru-mcp [--data-dir DIR]                   MCP server on stdin and stdout, for an MCP client to start
          moru-mcp serve [--port N] [--data-dir DIR]  HTTP server for SDKs on 127.0.0.1 (default port 3000), until SIGTERM
          moru-mcp env [--data-dir DIR]               the variables that SDKs need to use the server of this machine
          moru-mcp keys [list | create NAME | delete ID] [--team ID] [--data-dir DIR]
                                                      API keys of the own team, or of any with MORU_ADMIN_TOKEN
          moru-mcp teams [list | create NAME | block ID | unblock ID] [--data-dir DIR]
                                                      teams of the server; needs MORU_ADMIN_TOKEN
          moru-mcp --version | --help

        Variables: MORU_DATA_DIR, MORU_API_URL and MORU_API_KEY (use that server instead of one here), MORU_ADMIN_TOKEN, MORU_ENVD, MORU_LOG,
        MORU_SANDBOX_ADDRESS, DOCKER_HOST.
        """;

    /// <summary><c>stdio</c>, <c>serve</c>, <c>env</c>, <c>keys</c>, <c>teams</c>, <c>--version</c> or <c>--help</c>.</summary>
    public required string Verb { get; init; }

    public int Port { get; init; } = DefaultPort;

    public string? DataDirectory { get; init; }

    /// <summary>What <c>keys</c> and <c>teams</c> shall do; empty: list.</summary>
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
        var line = new CommandLine { Verb = rest.TryPeek(out var first) && first is "serve" or "env" or "keys" or "teams" or "--version" or "--help" or "-h" ? rest.Dequeue() : "stdio" };
        while (rest.TryDequeue(out var option))
        {
            var (name, value) = option.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (option[..at], option[(at + 1)..]) : (option, null);
            if (line.Verb is "keys" or "teams" && !option.StartsWith('-'))
            {
                line = line with { Words = [.. line.Words, option] };
                continue;
            }

            if (!IsOption(name, line.Verb)) problem = $"unknown argument '{option}'";
            else if (value is null && !rest.TryDequeue(out value)) problem = $"{name} needs a value";
            else if (name == "--data-dir") line = line with { DataDirectory = value };
            else if (name == "--team") line = line with { Team = value };
            else if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535) line = line with { Port = port };
            else problem = $"--port must be a number from 0 to 65535, not '{value}'";
            if (problem.Length > 0) return null;
        }

        if (Does(line)) return line;
        problem = $"{line.Verb} does not understand '{string.Join(' ', line.Words)}'";
        return null;
    }

    private static bool IsOption(string name, string verb) => (name, verb) is ("--data-dir", _) or ("--port", "serve") or ("--team", "keys");

    private static bool Does(CommandLine line) => (line.Verb, line.Words) switch
    {
        (_, [] or ["list"]) or (_, ["create", _]) or ("keys", ["delete", _]) or ("teams", ["block" or "unblock", _]) => true,
        _ => false,
    };
}
