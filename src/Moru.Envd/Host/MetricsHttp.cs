using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary><c>GET /metrics</c>. Processor time is measured from one call to the next; the first counts from the start of envd.</summary>
internal sealed class MetricsHttp
{
    // A shorter time says little, and two callers who ask in turn must not leave each other with nothing to measure.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private Sample _before, _last;

    public MetricsHttp(TimeProvider time)
    {
        _time = time;
        _before = _last = Take();
    }

    public Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, Read(), EnvdJson.Default.EnvdMetrics);
    }

    private EnvdMetrics Read()
    {
        var processors = Allowance.Processors();
        var (total, used) = Allowance.Memory();
        var disk = new DriveInfo("/");
        return new EnvdMetrics
        {
            Timestamp = _time.GetUtcNow().ToUnixTimeSeconds(),
            CpuCount = (int)Math.Ceiling(processors),
            CpuUsedPercent = Math.Round(Math.Clamp(100 * ProcessorsInUse() / processors, 0, 100), 2),
            MemoryTotalBytes = total,
            MemoryUsedBytes = used,
            DiskTotalBytes = disk.TotalSize,
            DiskUsedBytes = disk.TotalSize - disk.TotalFreeSpace,
        };
    }

    private double ProcessorsInUse()
    {
        lock (_gate)
        {
            var now = Take();
            if (_time.GetElapsedTime(_last.At, now.At) >= Window) (_before, _last) = (_last, now);
            return (now.Used - _before.Used) / _time.GetElapsedTime(_before.At, now.At);
        }
    }

    private Sample Take() => new(_time.GetTimestamp(), Allowance.ProcessorTime());

    private readonly record struct Sample(long At, TimeSpan Used);
}
