using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>Logs and metrics of sandboxes, also after their end.</summary>
internal sealed class ObservationEndpoints(MoruRuntime runtime)
{
    private const int MaxEntries = 100, MaxSandboxes = 100;

    // A number of seconds as large as this is of the year 5138; clients that send milliseconds are past it since 1973.
    private const double LargestSeconds = 1e11;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sandboxes/{id}/logs", LogsAsync);
        routes.MapGet("/sandboxes/{id}/metrics", MetricsAsync);
        routes.MapGet("/sandboxes/metrics", LatestMetricsAsync);
    }

    private Task LogsAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var asked = new LogQuery
        {
            Cursor = Number(query, "cursor") is { } cursor ? Time(cursor, "cursor") : null,
            Limit = Number(query, "limit") switch
            {
                null => MaxEntries,
                >= 0 and <= MaxEntries and var limit => (int)limit,
                _ => throw ApiBody.Invalid($"limit must be 0 to {MaxEntries}"),
            },
            Backward = OneOf(query, "direction", "forward", "backward") == "backward",
            Stream = OneOf(query, "eventType", LogEvents.Stdout, LogEvents.Stderr),
        };
        var lines = runtime.Observations.ReadLogs(Known(context).Id, asked);
        var logs = new SandboxLogs(
            [.. lines.Select(line => new SandboxLogLine(line.Timestamp, line.Message))],
            [.. lines.Select(line => new SandboxLogEntry(line.Timestamp, line.EventType, line.Message, line.Fields))]);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, logs, ApiJson.Default.SandboxLogs);
    }

    private Task MetricsAsync(HttpContext context)
    {
        var (start, end) = (Seconds(context.Request.Query, "start"), Seconds(context.Request.Query, "end"));
        if (start > end) throw ApiBody.Invalid("start must not be after end");
        var samples = runtime.Observations.ReadMetrics(Known(context).Id, start, end);
        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, [.. samples.Select(ToMetric)], ApiJson.Default.IReadOnlyListSandboxMetric);
    }

    private Task LatestMetricsAsync(HttpContext context)
    {
        string? given = context.Request.Query["sandbox_ids"];
        if (string.IsNullOrEmpty(given)) throw ApiBody.Invalid("sandbox_ids is missing: name sandboxes, separated by commas");
        var ids = given.Split(',').Select(SandboxId.Normalize).ToList();
        if (ids.Count > MaxSandboxes) throw ApiBody.Invalid($"sandbox_ids must name {MaxSandboxes} sandboxes at most");
        if (ids.Distinct().Count() < ids.Count) throw ApiBody.Invalid("sandbox_ids must name each sandbox once");

        var found = new Dictionary<string, SandboxMetric>();
        foreach (var id in ids)
        {
            if (runtime.Sandboxes.Find(Caller.TeamOf(context), id) is not null && runtime.Observations.LatestMetrics(id) is { } sample) found[id] = ToMetric(sample);
        }

        return ApiBody.WriteAsync(context, StatusCodes.Status200OK, new SandboxesMetrics(found), ApiJson.Default.SandboxesMetrics);
    }

    private SandboxRecord Known(HttpContext context)
    {
        var id = SandboxId.Normalize((string)context.GetRouteValue("id")!);
        return runtime.Sandboxes.FindEver(Caller.TeamOf(context), id) ?? throw new ApiException(StatusCodes.Status404NotFound, $"sandbox '{id}' was not found; it never was, or it ended long ago");
    }

    private static DateTimeOffset? Seconds(IQueryCollection query, string name) =>
        Number(query, name) is { } number ? Time(number > LargestSeconds ? number : number * 1000, name) : null;

    private static DateTimeOffset Time(long milliseconds, string name) => milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        : throw ApiBody.Invalid($"{name} must be a Unix time");

    private static long? Number(IQueryCollection query, string name)
    {
        string? text = query[name];
        if (string.IsNullOrEmpty(text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiBody.Invalid($"{name} must be a number, 0 or more");
    }

    private static string? OneOf(IQueryCollection query, string name, params string[] words)
    {
        string? given = query[name];
        return string.IsNullOrEmpty(given) || words.Contains(given) ? given : throw ApiBody.Invalid($"{name} must be {string.Join(" or ", words)}");
    }

    private static SandboxMetric ToMetric(MetricSample sample) => new()
    {
        Timestamp = sample.Timestamp,
        TimestampUnix = sample.Timestamp.ToUnixTimeSeconds(),
        CpuCount = sample.CpuCount,
        CpuUsedPercent = sample.CpuUsedPercent,
        MemoryUsedBytes = sample.MemoryUsedBytes,
        MemoryTotalBytes = sample.MemoryTotalBytes,
        DiskUsedBytes = sample.DiskUsedBytes,
        DiskTotalBytes = sample.DiskTotalBytes,
    };
}
