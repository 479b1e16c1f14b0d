using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>What the official SDK promises to its users holds with our envd in the base template.</summary>
public abstract class OfficialSdkSpecs(DebianEnvd envd) : IAsyncLifetime
{
    public async ValueTask InitializeAsync() =>
        await envd.Client.InitAsync(new InitRequest { DefaultUser = "user", EnvVars = new Dictionary<string, string> { ["MORU_SANDBOX"] = "true" } }, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the JavaScript and compares what it returns.</summary>
    protected async Task ReturnsAsync(string json, string body) => Assert.Equal(json, await envd.JavaScriptAsync(body));
}
