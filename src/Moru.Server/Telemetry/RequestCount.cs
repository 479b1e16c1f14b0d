using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;

namespace Moru.Server;

/// <summary>Counts processes that clients start through the proxy.</summary>
internal sealed class RequestCount : IDisposable
{
    public const string MeterName = "Moru.Server";

    private const string StartPath = "/process.Process/Start";

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> execs;

    public RequestCount() => execs = meter.CreateCounter<long>("moru.proxy.execs", description: "Requests to start a process in a sandbox that went through the proxy");

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // The API itself has no such path.
        if (context.Request.Path == StartPath) execs.Add(1);
        return next(context);
    }

    public void Dispose() => meter.Dispose();
}
