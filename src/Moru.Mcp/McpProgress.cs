using System.Diagnostics;
using System.Globalization;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Moru.Mcp;

/// <summary>
/// Tells the client how a call is going: the newest line at most once a second, and in silence every ten that it still runs,
/// because clients give up on calls they hear nothing of. Lines in between are dropped.
/// </summary>
internal sealed class McpProgress : IProgress<string>, IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly McpServer server;
    private readonly ProgressToken token;
    private readonly PeriodicTimer timer = new(Tick);
    private readonly long started = Stopwatch.GetTimestamp();
    private readonly Task pump;
    private string? newest;

    public McpProgress(McpServer server, ProgressToken token)
    {
        (this.server, this.token) = (server, token);
        pump = PumpAsync();
    }

    public void Report(string value) => Volatile.Write(ref newest, value);

    /// <summary>Ends the reports, so that none comes after the result.</summary>
    public async ValueTask DisposeAsync()
    {
        timer.Dispose();
        await pump;
    }

    private async Task PumpAsync()
    {
        var last = -Interval; // the first line goes out at once
        while (await timer.WaitForNextTickAsync())
        {
            var now = Stopwatch.GetElapsedTime(started);
            if (now - last < Interval) continue;
            var line = Interlocked.Exchange(ref newest, null);
            if (line is null && now - (last > TimeSpan.Zero ? last : TimeSpan.Zero) < Silence) continue;

            last = now;
            var report = new ProgressNotificationValue
            {
                Progress = (float)Math.Round(now.TotalSeconds, 1),
                Message = line ?? string.Create(CultureInfo.InvariantCulture, $"still running after {now.TotalSeconds:0} s"),
            };
            if (!await McpNotice.TrySendAsync(server.NotifyProgressAsync(token, report))) return;
        }
    }
}
