using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Server;

/// <summary>Silences those parts of the framework that log whole URLs: the query of a file's URL may hold its signature.</summary>
internal sealed class LogsWithoutUrls(ILoggerFactory logs) : ILoggerFactory
{
    private static readonly string[] Talkative = ["Microsoft.AspNetCore.Hosting.Diagnostics", "Yarp.ReverseProxy.Forwarder.HttpForwarder"];

    public ILogger CreateLogger(string categoryName) => Talkative.Contains(categoryName) ? NullLogger.Instance : logs.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    /// <summary>The loggers are the caller's.</summary>
    public void Dispose()
    {
    }
}
