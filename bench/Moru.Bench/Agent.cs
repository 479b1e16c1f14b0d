using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Moru.Bench;

/// <summary>What envd itself costs.</summary>
internal static class Agent
{
    private static readonly byte[] Question = "GET /health HTTP/1.1\r\nHost: envd\r\n\r\n"u8.ToArray();

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        var starts = new Samples("from its start to its first answer");
        await Comparisons.RepeatAsync(starts, samples, () => StartAndAskAsync(bench.Envd, cancellationToken));
        starts.Print("start of envd", "p50 at most 25 ms");

        Console.WriteLine("size of envd");
        Console.WriteLine($"  on disk {new FileInfo(bench.Envd).Length / 1e6:0.0} MB (target: at most 15)");
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        if (!ProcessMemory.IsKnown(container.Pid)) return;
        PrintPrivate("the only one", container.Pid);
        await using var another = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        PrintPrivate("beside another", container.Pid);
        Console.WriteLine($"  resident, shared pages included: {ProcessMemory.ResidentMiB(container.Pid):0.0} MiB\n");
    }

    private static void PrintPrivate(string when, int pid)
    {
        var (dirty, clean) = ProcessMemory.PrivateMiB(pid);
        Console.WriteLine($"  private memory, idle, {when,-14} {dirty + clean,5:0.0} MiB: {dirty:0.0} written (Private_Dirty) + {clean:0.0} of its file (Private_Clean) (target: at most 7)");
    }

    private static async Task StartAndAskAsync(string envd, CancellationToken cancellationToken)
    {
        var port = FreePort();
        using var process = Process.Start(envd, ["--port", $"{port}"]);
        try
        {
            while (!await AnswersAsync(port, cancellationToken))
            {
                // At once again: any wait would be measured too.
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        }
        catch (SocketException)
        {
            return false;
        }

        await socket.SendAsync(Question, cancellationToken);
        return await socket.ReceiveAsync(new byte[512], cancellationToken) > 0;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
