using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Server;
using Moru.Tools;

namespace Moru.Mcp;

/// <summary>The MCP server on stdin and stdout. It ends when stdin does, or at a signal, within two seconds.</summary>
internal static partial class StdioCommand
{
    // Together they keep the two seconds.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1.3);

    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        using var logs = settings.CreateLogs();
        var log = logs.CreateLogger("Moru.Mcp");
        var transport = new StdioServerTransport("moru", logs);
        Console.SetOut(Console.Error); // the transport has its own stdout; anything else that prints must not reach the client

        var backend = new Backend(settings, logs);
        var session = new McpSession(backend.ConnectAsync, settings.Toolsets, settings.Session is { } name ? (settings.DataDirectory, name) : null);
        using var ending = new CancellationTokenSource();
        var warmUp = WarmUpAsync(session.Sandboxes, log, ending.Token);
        var subscriptions = new McpSubscriptions(session, log);
        var server = McpFace.Create(transport, session, subscriptions, logs);
        await RunAsync(server, transport.MessageReader.Completion, stop);

        var started = Stopwatch.GetTimestamp();
        await ending.CancelAsync();
        foreach (var part in new IAsyncDisposable[] { subscriptions, session, backend, server })
        {
            var left = EndPatience - Stopwatch.GetElapsedTime(started);
            try
            {
                await part.DisposeAsync().AsTask().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                Log.EndedLate(log, part.GetType().Name);
            }
        }

        await warmUp.WaitAsync(EndPatience, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }

    /// <summary>
    /// Serves until the input is over or a signal comes. Calls that are nearly done may still answer, for clients that write everything and
    /// close; longer ones are cancelled, which the SDK alone would wait for.
    /// </summary>
    private static async Task RunAsync(McpServer server, Task inputOver, CancellationToken stop)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var serving = server.RunAsync(cancel.Token);
        await ((Task)Task.WhenAny(inputOver, serving)).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stop.IsCancellationRequested) cancel.CancelAfter(AnswerPatience);
        await serving.WaitAsync(AnswerPatience * 2, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Finds or starts the server while the client still shakes hands, so that the first call does not wait for it.</summary>
    private static async Task WarmUpAsync(SandboxSession session, ILogger log, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await session.ClientAsync(cancellationToken);
        }
        catch (SandboxException error)
        {
            Log.NotReady(log, error.Message); // the first call tries again and tells the model
        }
        catch (OperationCanceledException)
        {
            // The client left before the server was up.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "No Moru server yet: {Reason}")]
        public static partial void NotReady(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Part} did not end in time")]
        public static partial void EndedLate(ILogger logger, string part);
    }
}
