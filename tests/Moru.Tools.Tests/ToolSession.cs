using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Moru.Tools.Tests;

/// <summary>Every tool, on a session of a real server. The session sandbox ends with it.</summary>
public sealed class ToolSession : IAsyncDisposable
{
    private readonly SandboxSession session;
    private readonly IReadOnlyList<Tool> tools;

    public ToolSession(ServerFixture fixture)
    {
        session = new SandboxSession(new MoruClient(new MoruOptions { ApiUrl = new Uri("unix:" + fixture.Server.SocketPath), ApiKey = fixture.Server.ApiKey }));
        tools = ToolSet.Create(session, Toolsets.All);
    }

    public string SandboxId => session.SandboxId!;

    /// <summary>Calls a tool as a model does, with JSON.</summary>
    public async Task<ToolResult> CallAsync(string tool, object arguments, IProgress<string>? progress = null, CancellationToken? cancellationToken = null)
    {
        var json = JsonSerializer.SerializeToElement(arguments);
        var given = new AIFunctionArguments { Context = new Dictionary<object, object?> { [typeof(IProgress<string>)] = progress } };
        foreach (var member in json.EnumerateObject()) given[member.Name] = member.Value;
        return (ToolResult)(await tools.Single(each => each.Name == tool).InvokeAsync(given, cancellationToken ?? TestContext.Current.CancellationToken))!;
    }

    public async Task<T> CallAsync<T>(string tool, object arguments)
        where T : ToolResult => Assert.IsType<T>(await CallAsync(tool, arguments));

    public Task<CommandOutput> RunAsync(string command) => CallAsync<CommandOutput>("run_command", new { command });

    /// <summary>Calls a tool that must fail, and returns what the model reads.</summary>
    public async Task<string> FailAsync(string tool, object arguments) => (await Assert.ThrowsAsync<ToolException>(() => CallAsync(tool, arguments))).Message;

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
