using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Demo;

/// <summary>A sandbox behind an MCP server that was started for it. Disposing it kills both.</summary>
internal sealed class DemoSandbox : IAsyncDisposable
{
    private readonly McpClient client;
    private string? sandboxId;

    private DemoSandbox(McpClient client) => this.client = client;

    public StepTimes Times { get; } = new();

    public static async Task<DemoSandbox> StartAsync(string server, CancellationToken cancellationToken)
    {
        var transport = new StdioClientTransport(new StdioClientTransportOptions { Name = "moru", Command = server });
        var times = new StepTimes();
        try
        {
            var client = await times.MeasureAsync("start moru-mcp and shake hands", () => McpClient.CreateAsync(transport, cancellationToken: cancellationToken));
            var sandbox = new DemoSandbox(client);
            sandbox.Times.Add(times);
            return sandbox;
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or System.ComponentModel.Win32Exception or TimeoutException)
        {
            // The client's message ends with what the server last said on stderr.
            var cause = error.InnerException is { } inner && inner.Message != error.Message ? $" {inner.Message}" : "";
            throw new DemoException($"The MCP server {server} did not start: {error.Message}{cause}", error);
        }
    }

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        var created = await CallAsync("create_sandbox", new() { ["timeout_seconds"] = 600 }, null, cancellationToken);
        sandboxId = Member(created, "sandbox_id");
        Console.WriteLine($"  sandbox {sandboxId}");
    }

    public Task WriteAsync(string path, string content, CancellationToken cancellationToken) =>
        CallAsync("write_file", new() { ["path"] = path, ["content"] = content }, null, cancellationToken);

    public async Task<string> ReadAsync(string path, CancellationToken cancellationToken) =>
        Member(await CallAsync("read_file", new() { ["path"] = path, ["line_count"] = 2_000 }, null, cancellationToken), "content");

    /// <summary>Runs a command and prints what it says while it runs.</summary>
    public async Task RunAsync(string command, CancellationToken cancellationToken)
    {
        var result = await CallAsync("run_command", new() { ["command"] = command, ["wait_seconds"] = 300 }, new LivePrinter(), cancellationToken);
        foreach (var line in Member(result, "stdout").Split('\n', StringSplitOptions.RemoveEmptyEntries)) Console.WriteLine($"  | {line}");
        if (result.GetProperty("exit_code").GetInt32() is not 0 and var code)
            throw new DemoException($"The program ended with exit code {code}:\n{Member(result, "stderr")}");
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        if (sandboxId is null) return;
        await CallAsync("kill_sandbox", [], null, cancellationToken);
        sandboxId = null;
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await KillAsync(patience.Token);
        }
        catch (Exception error) when (error is DemoException or McpException or IOException or OperationCanceledException)
        {
            Console.Error.WriteLine($"demo: sandbox {sandboxId} could not be killed ({error.Message}); its timeout will end it.");
        }

        await client.DisposeAsync();
    }

    private async Task<JsonElement> CallAsync(
        string tool, Dictionary<string, object?> arguments, IProgress<ProgressNotificationValue>? progress, CancellationToken cancellationToken)
    {
        if (sandboxId is not null) arguments["sandbox_id"] = sandboxId;
        var result = await client.CallToolAsync(tool, arguments, progress, cancellationToken: cancellationToken);
        if (result.IsError != true) return result.StructuredContent!.Value;
        throw new DemoException($"{tool}: {string.Join('\n', result.Content.OfType<TextContentBlock>().Select(block => block.Text))}");
    }

    private static string Member(JsonElement result, string name) => result.GetProperty(name).GetString()!;

    private sealed class LivePrinter : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => Console.WriteLine($"  {value.Progress,5:0.0} s  {value.Message}");
    }
}
