using System.Diagnostics;
using System.Globalization;

namespace Moru.Bench;

/// <summary>How long a client waits for the MCP server that it starts, and what that needs while nobody calls it. It has a data directory of its own, as with a user who has no other server.</summary>
internal static class McpStarts
{
    private const string Initialize = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}""";

    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5);

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("moru-bench-mcp-");
        try
        {
            var times = new Samples("until initialize is answered");
            for (var i = -1; i < samples; i++)
            {
                var watch = Stopwatch.StartNew();
                var server = await StartAsync(data.FullName, cancellationToken);
                if (i >= 0) times.Add(watch.Elapsed);
                await EndAsync(server, cancellationToken);
            }

            times.Print($"start of {McpCalls.Program}", "at most 400 ms");

            var idle = await StartAsync(data.FullName, cancellationToken);
            await Task.Delay(Settle, cancellationToken);
            var (dirty, clean) = ProcessMemory.PrivateMiB(idle.Id);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory of an idle one: {ProcessMemory.ResidentMiB(idle.Id):0} MiB resident, of that {dirty:0} written (target: at most 80 MB)\n"));
            await EndAsync(idle, cancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task<Process> StartAsync(string data, CancellationToken cancellationToken)
    {
        var server = McpCalls.Start(data, "");
        await server.StandardInput.WriteLineAsync(Initialize.AsMemory(), cancellationToken);
        await server.StandardInput.FlushAsync(cancellationToken);
        await server.StandardOutput.ReadLineAsync(cancellationToken);
        return server;
    }

    private static async Task EndAsync(Process server, CancellationToken cancellationToken)
    {
        using (server)
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync(cancellationToken);
        }
    }
}
