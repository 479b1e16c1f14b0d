using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Moru.Server.Tests;

public sealed class TelemetrySpecs
{
    [Fact]
    public async Task A_collector_gets_the_stages_of_creates_and_the_counts_of_the_server()
    {
        var received = new ConcurrentQueue<(string Path, string Body)>();
        await using var collector = await CollectorAsync(received);
        await using var server = await MemoryServer.StartAsync();

        using (OtlpExport.To(new Uri(collector.Urls.First())))
        {
            var killed = await server.CreateAsync();
            await server.CreatePausedAsync();
            await server.DeleteAsync($"/sandboxes/{killed}");
            using var exec = new HttpRequestMessage(HttpMethod.Post, "/process.Process/Start") { Headers = { Host = $"49983-{killed}.sandboxes.test" } };
            await server.SendAsync(exec);
        }

        var traces = string.Concat(received.Where(part => part.Path == "/v1/traces").Select(part => part.Body));
        var metrics = string.Concat(received.Where(part => part.Path == "/v1/metrics").Select(part => part.Body));
        Assert.All(["sandbox.create", "sandbox.create.start", "sandbox.create.init", "moru"], name => Assert.Contains(name, traces, StringComparison.Ordinal));
        Assert.All(
            ["moru.sandbox.creates", "moru.sandbox.ends", "killed", "moru.sandbox.count", "paused", "moru.sandbox.create.duration", "moru.proxy.execs"],
            name => Assert.Contains(name, metrics, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_line_of_the_log_holds_a_secret()
    {
        using var lines = new Lines();
        using var logs = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        const string Variable = "value-of-a-variable", Signature = "v1_signature-of-a-file";
        string[] secrets;
        await using (var server = await MemoryServer.StartAsync(logs: logs))
        {
            var members = $$$"""{"templateID":"base","timeout":60,"secure":true,"envVars":{"SECRET":"{{{Variable}}}"},"network":{"allowPublicTraffic":false}}""";
            var created = await server.PostAsync("/sandboxes", members);
            var (id, token, traffic) = (created["sandboxID"], created["envdAccessToken"]!, created["trafficAccessToken"]!);
            using var file = new HttpRequestMessage(HttpMethod.Get, $"/files?path=x&signature={Signature}") { Headers = { Host = $"49983-{id}.sandboxes.test" } };
            using var port = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "Host", $"3000-{id}.sandboxes.test" }, { "Moru-Traffic-Access-Token", traffic }, { "X-Access-Token", token } } };
            await server.SendAsync(file);
            await server.SendAsync(port);
            await server.PostAsync($"/sandboxes/{id}/pause");
            await server.PostAsync($"/sandboxes/{id}/connect", """{"timeout":60}""");
            await server.PostAsync("/sandboxes", "{");
            await server.DeleteAsync($"/sandboxes/{id}");
            secrets = [server.ApiKey, token, traffic, Variable, Signature];
        }

        Assert.Contains(lines.All, line => line.Contains("ended (Killed)", StringComparison.Ordinal));
        Assert.All(secrets, secret => Assert.DoesNotContain(lines.All, line => line.Contains(secret, StringComparison.Ordinal)));
    }

    private static async Task<WebApplication> CollectorAsync(ConcurrentQueue<(string Path, string Body)> received)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            received.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
        });
        await collector.StartAsync(MemoryServer.Cancel);
        return collector;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> lines = new();

        public IReadOnlyCollection<string> All => lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            lines.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue(formatter(state, exception) + exception);
            if (state is IEnumerable<KeyValuePair<string, object?>> values) lines.Enqueue(string.Join(' ', values));
        }

        public void Dispose()
        {
        }
    }
}
