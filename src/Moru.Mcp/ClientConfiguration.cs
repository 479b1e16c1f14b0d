using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Moru.Mcp;

/// <summary>What MCP clients keep in their configuration files to use this server: by starting it, or at a URL.</summary>
internal static class ClientConfiguration
{
    public static readonly IReadOnlyList<string> Clients = ["claude-code", "claude-desktop", "vscode", "cursor", "copilot"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints the file on stdout and its place on stderr.</summary>
    public static int Print(CommandLine line)
    {
        var client = line.Words[0];
        if (client == "claude-desktop" && line.Url is not null)
            return Complaint.Write("the file of Claude Desktop names programs to start and no URLs; leave out --url, or add the URL as a connector in its settings.");

        Console.Error.WriteLine($"# {PlaceOf(client)}");
        Console.WriteLine((line.Url is { } url ? Remote(client, url, line.Session) : Local(client, Arguments(line))).ToJsonString(Readable));
        return 0;
    }

    private static string PlaceOf(string client) => client switch
    {
        "claude-code" => ".mcp.json in your project",
        "claude-desktop" => "claude_desktop_config.json (Settings, Developer, Edit Config)",
        "vscode" => ".vscode/mcp.json in your project",
        "cursor" => ".cursor/mcp.json in your project, or ~/.cursor/mcp.json",
        _ => "~/.copilot/mcp-config.json",
    };

    private static JsonObject Local(string client, JsonArray arguments)
    {
        var server = new JsonObject();
        if (client is "claude-code" or "vscode") server["type"] = "stdio";
        if (client == "copilot") server["type"] = "local";
        server["command"] = Environment.ProcessPath;
        server["args"] = arguments;
        if (Variables() is { Count: > 0 } variables) server["env"] = variables;
        if (client == "copilot") server["tools"] = new JsonArray("*");
        return Named(client, server);
    }

    /// <summary>The key itself stays out of the file: each client has its own way to name a secret that is elsewhere.</summary>
    private static JsonObject Remote(string client, Uri url, string? session)
    {
        var key = client switch
        {
            "vscode" => "${input:moru-api-key}",
            "cursor" => "${env:MORU_API_KEY}",
            _ => "${MORU_API_KEY}",
        };
        var headers = new JsonObject { ["Authorization"] = "Bearer " + key };
        if (session is not null) headers["Moru-Session"] = session;
        var server = new JsonObject();
        if (client != "cursor") server["type"] = "http";
        server["url"] = url.AbsoluteUri;
        server["headers"] = headers;
        if (client == "copilot") server["tools"] = new JsonArray("*");

        var file = Named(client, server);
        if (client == "vscode")
            file["inputs"] = new JsonArray(new JsonObject { ["type"] = "promptString", ["id"] = "moru-api-key", ["description"] = "API key of the Moru server", ["password"] = true });
        return file;
    }

    private static JsonObject Named(string client, JsonObject server) =>
        new() { [client == "vscode" ? "servers" : "mcpServers"] = new JsonObject { ["moru"] = server } };

    /// <summary>What is set here and the client would not pass on, being started from elsewhere. Secrets are not among them.</summary>
    private static JsonObject Variables() => new(((string[])["DOCKER_HOST", "MORU_ENVD", "MORU_SANDBOX_ADDRESS"])
        .Select(name => KeyValuePair.Create(name, (JsonNode?)Environment.GetEnvironmentVariable(name))).Where(variable => variable.Value is not null));

    private static JsonArray Arguments(CommandLine line)
    {
        (string Option, string? Value)[] given = [("--toolsets", line.Toolsets), ("--session", line.Session), ("--data-dir", line.DataDirectory is null ? null : Path.GetFullPath(line.DataDirectory))];
        return [.. given.Where(one => one.Value is not null).SelectMany(one => new JsonNode[] { one.Option, one.Value! })];
    }
}
