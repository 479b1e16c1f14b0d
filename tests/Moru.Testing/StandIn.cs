using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Moru.Testing;

/// <summary>Stands in for a service of others on loopback: it takes down what it is sent and answers with JSON, the last text again and again.</summary>
public sealed class StandIn : IAsyncDisposable
{
    private readonly List<string> bodies = [];
    private readonly WebApplication app;

    private StandIn(WebApplication app) => this.app = app;

    /// <summary>Where it is.</summary>
    public string Url => app.Urls.Single();

    /// <summary>What it was sent.</summary>
    public IReadOnlyList<string> Bodies
    {
        get
        {
            lock (bodies) return [.. bodies];
        }
    }

    /// <summary>Starts on a free port.</summary>
    public static Task<StandIn> StartAsync(params string[] answers) => StartAsync(StatusCodes.Status200OK, answers);

    /// <summary>Starts one that answers with a status, such as a refusal.</summary>
    public static async Task<StandIn> StartAsync(int status, params string[] answers)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var standIn = new StandIn(builder.Build());
        standIn.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            string answer;
            lock (standIn.bodies)
            {
                answer = answers[Math.Min(standIn.bodies.Count, answers.Length - 1)];
                standIn.bodies.Add(body);
            }

            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ReplaceLineEndings(""), context.RequestAborted);
        });
        await standIn.app.StartAsync();
        return standIn;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();
}
