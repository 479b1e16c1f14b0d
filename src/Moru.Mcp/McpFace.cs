using System.Reflection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>The MCP server of one session, over any transport.</summary>
internal static class McpFace
{
    private const string Instructions = """
        Moru gives you Linux sandboxes: isolated machines where you can run code, install packages and keep files. Just call run_command; without sandbox_id every tool works in the
        session sandbox, which is made on first use (a second or so), keeps its files between calls and ends with this session or after 15 minutes without a call.
        Leave servers running with `(COMMAND) > /tmp/out.txt 2>&1 &`. Write programs with write_file, run them with run_command, read results with read_file. Python 3, Node.js, git and curl are installed; sudo apt-get install and pip work when
        the network allows. Errors say what to do next.
        """;

    public static string Version { get; } =
        typeof(McpFace).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static McpServer Create(ITransport transport, SandboxSession session, ILoggerFactory logs, Toolsets toolsets = Toolsets.Core)
    {
        var options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "moru", Title = "Moru sandboxes", Version = Version },
            ServerInstructions = Instructions.ReplaceLineEndings(" "),
            ToolCollection = McpTools.Create(session, toolsets),
        };
        options.Filters.Request.CallToolFilters.Add(McpErrors.Filter(logs.CreateLogger("Moru.Mcp")));
        return McpServer.Create(transport, options, logs);
    }
}
