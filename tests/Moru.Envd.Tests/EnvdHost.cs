using System.Net;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>An envd that answers, wherever it runs.</summary>
public abstract class EnvdHost : IAsyncLifetime
{
    private const string Unset = "http://envd.invalid/";

    public Uri Address { get; private set; } = new(Unset);

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    public EnvdClient Client => new(Http, Address);

    public Task<HttpResponseMessage> GetAsync(string path) =>
        Http.GetAsync(new Uri(Address, path), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    public Task<string> GetTextAsync(string path) => Http.GetStringAsync(new Uri(Address, path), TestContext.Current.CancellationToken);

    /// <summary>Runs a JavaScript function body with the official SDK, whose <c>sandbox</c> is this envd.</summary>
    /// <returns>What it returns, as JSON.</returns>
    public Task<string> JavaScriptAsync(string body) => OfficialSdk.RunAsync(Address, body);

    /// <summary>Whether an envd listens there.</summary>
    public async Task<bool> AnswersAsync(Uri address)
    {
        try
        {
            return (await Http.GetAsync(new Uri(address, "health"))).StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask InitializeAsync()
    {
        Address = await StartAsync();
        await Eventually.TrueAsync(() => AnswersAsync(Address), $"envd answers on {Address}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<Uri> StartAsync();

    protected abstract Task StopAsync();
}
