using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>
/// <c>GET /logs?cursor=N&amp;follow=false</c>: the log of processes after entry N as JSON, an entry a line; it goes on with what comes
/// unless told not to follow. An empty line is a sign of life.
/// </summary>
internal sealed class LogsHttp(ProcessLog log, TimeProvider time)
{
    private const int Batch = 128 << 10;

    // Entries that come close together go out as one, and a flood of output goes out at 1 MiB/s; what it overtakes is dropped.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(125);

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private static readonly byte[] LineEnd = [(byte)'\n'];

    public async Task AnswerAsync(HttpContext context)
    {
        var cursor = Cursor(context.Request.Query);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Query["follow"] == "false") await WriteRestAsync(context, cursor);
        else await FollowAsync(context, cursor);
    }

    private async Task WriteRestAsync(HttpContext context, long cursor)
    {
        log.Flush();
        var end = log.Last;
        while (cursor < end) cursor = await WriteAsync(context, cursor);
    }

    private async Task FollowAsync(HttpContext context, long cursor)
    {
        // The reader learns at once that it is heard.
        await context.Response.StartAsync(context.RequestAborted);
        while (true)
        {
            try
            {
                await log.NewsAsync(cursor).WaitAsync(Silence, time, context.RequestAborted);
            }
            catch (TimeoutException)
            {
                await context.Response.BodyWriter.WriteAsync(LineEnd, context.RequestAborted);
                continue;
            }

            await Task.Delay(Pace, time, context.RequestAborted);
            cursor = await WriteAsync(context, cursor);
        }
    }

    private async Task<long> WriteAsync(HttpContext context, long cursor)
    {
        var body = context.Response.BodyWriter;
        using var json = new Utf8JsonWriter(body);
        foreach (var entry in log.After(cursor, Batch))
        {
            JsonSerializer.Serialize(json, entry, EnvdJson.Default.ProcessLogEntry);
            json.Flush();
            json.Reset();
            LineEnd.CopyTo(body.GetSpan(LineEnd.Length));
            body.Advance(LineEnd.Length);
            cursor = entry.Sequence;
        }

        await body.FlushAsync(context.RequestAborted);
        return cursor;
    }

    private static long Cursor(IQueryCollection query) =>
        !query.TryGetValue("cursor", out var text) ? 0
        : long.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var cursor) ? cursor
        : throw new ConnectException(ConnectCode.InvalidArgument, $"invalid cursor '{text}': the number of an entry is needed");
}
