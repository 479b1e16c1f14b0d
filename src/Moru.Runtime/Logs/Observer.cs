using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using System.Text;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>Reads the log of one running sandbox as it grows and samples what the sandbox uses, until it is paused or ends.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer, and lives as long as the sandbox whose traffic it is linked to.")]
internal sealed class Observer(
    LiveSandbox sandbox, SandboxStart agents, ObservationStore store, ObservationWriter writer, SemaphoreSlim turns, TimeProvider time, CancellationToken traffic)
{
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OneSample = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1), LongestRetry = TimeSpan.FromSeconds(30);

    // envd gives a sign of life each minute.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(150);

    // No sandbox makes the server read more than a MiB a second, whatever answers there in place of envd.
    private const int PacedBytes = 128 << 10;
    private static readonly TimeSpan PacedTime = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(traffic);
    private Task running = Task.CompletedTask;
    private long cursor;

    public CancellationToken Traffic => traffic;

    public Task Begin(CancellationToken stopping) => running = RunAsync(stopping);

    /// <summary>Fetches the last entries of a sandbox that is about to be removed.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await leave.CancelAsync();
        await running.WaitAsync(cancellationToken);
        await ReadAsync(follow: false, cancellationToken);
        await writer.WrittenAsync(cancellationToken);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        using var stop = stopping.Register(leave.Cancel);
        await Task.WhenAll(Task.Run(FollowAsync, CancellationToken.None), Task.Run(SampleAsync, CancellationToken.None));
    }

    private async Task FollowAsync()
    {
        cursor = store.LastSequence(sandbox.Id);
        var retry = FirstRetry;
        while (!leave.IsCancellationRequested)
        {
            var before = cursor;
            try
            {
                await ReadAsync(follow: true, leave.Token);
            }
            catch (Exception failure) when (IsNoAnswer(failure))
            {
                // Tried again; the sandbox may be busy, out of memory, or just gone.
            }

            retry = cursor > before ? FirstRetry : retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            await Task.Delay(retry, time, leave.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(bool follow, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        var unpaced = 0;
        await foreach (var entry in agents.Agent(sandbox.Record).LogsAsync(cursor, follow, silence.Token))
        {
            silence.CancelAfter(Silence);
            // Not one that is known: whoever answers may be the sandbox itself.
            if (entry is null || entry.Sequence <= cursor) continue;
            await writer.AddAsync(new Observation(sandbox.Id, Line(entry)), cancellationToken);
            cursor = entry.Sequence;
            if ((unpaced += Encoding.UTF8.GetByteCount(entry.Message)) < PacedBytes || !follow) continue;
            unpaced = 0;
            await Task.Delay(PacedTime, cancellationToken);
        }
    }

    private LogLine Line(ProcessLogEntry entry)
    {
        var (earliest, latest) = (sandbox.Record.CreatedAt ?? sandbox.Record.StartedAt, time.GetUtcNow());
        var at = entry.Timestamp > latest ? latest : entry.Timestamp < earliest ? earliest : entry.Timestamp;
        return new LogLine(entry.Sequence, at, entry.EventType, entry.Message, entry.Fields);
    }

    private async Task SampleAsync()
    {
        while (!leave.IsCancellationRequested)
        {
            // Set before the sample, so that slow answers do not stretch the interval.
            var next = Task.Delay(SampleEvery, time, leave.Token);
            try
            {
                await TakeSampleAsync();
            }
            catch (Exception failure) when (IsNoAnswer(failure))
            {
                // One sample is missing.
            }

            await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TakeSampleAsync()
    {
        await turns.WaitAsync(leave.Token);
        try
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(leave.Token);
            bound.CancelAfter(OneSample);
            var used = await agents.Agent(sandbox.Record).MetricsAsync(bound.Token);
            var sample = new MetricSample(
                time.GetUtcNow(), used.CpuCount, used.CpuUsedPercent, used.MemoryUsedBytes, used.MemoryTotalBytes, used.DiskUsedBytes, used.DiskTotalBytes);
            await writer.AddAsync(new Observation(sandbox.Id, Sample: sample), leave.Token);
        }
        finally
        {
            turns.Release();
        }
    }

    private static bool IsNoAnswer(Exception failure) =>
        failure is HttpRequestException or ConnectException or OperationCanceledException or IOException or System.Text.Json.JsonException;
}
