using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Moru.Mcp.Tests;

/// <summary>The real <c>moru-mcp</c>, on a data directory of the test's. Another build of it, such as the package's: <c>MORU_MCP</c>.</summary>
internal sealed class McpProcess : IAsyncDisposable
{
    public static readonly string Program = Environment.GetEnvironmentVariable("MORU_MCP") ?? Path.Combine(AppContext.BaseDirectory, "moru-mcp");

    private readonly Process process;
    private readonly StringBuilder errors = new();
    private McpClient? client;

    private McpProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public StreamWriter Input => process.StandardInput;

    public StreamReader Output => process.StandardOutput;

    /// <summary>What it has written to stderr so far.</summary>
    public string Errors
    {
        get
        {
            lock (errors) return errors.ToString();
        }
    }

    public static McpProcess Start(string dataDirectory, string? arguments = null, params (string Name, string Value)[] environment) =>
        Start(new ProcessStartInfo(Program, arguments ?? ""), dataDirectory, environment);

    /// <param name="launcher">A program that becomes the one that it is given, such as <c>setpriv</c>, or starts it and passes on what it reads, with its arguments.</param>
    public static McpProcess StartUnder(string launcher, string dataDirectory, string arguments, params (string Name, string Value)[] environment) =>
        Start(new ProcessStartInfo(launcher.Split(' ')[0], $"{launcher[launcher.IndexOf(' ')..]} {Program} {arguments}"), dataDirectory, environment);

    private static McpProcess Start(ProcessStartInfo start, string dataDirectory, (string Name, string Value)[] environment)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment.Remove("MORU_API_URL");
        start.Environment["MORU_DATA_DIR"] = dataDirectory;
        start.Environment["MORU_ENVD"] = Artifacts.Envd;
        foreach (var (name, value) in environment) start.Environment[name] = value;

        var process = Process.Start(start)!;
        var id = process.Id;
        var started = new McpProcess(process);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (started.errors) started.errors.AppendLine(line.Data);
            TestContext.Current.TestOutputHelper?.WriteLine($"{id}: {line.Data}");
        };
        process.BeginErrorReadLine();
        return started;
    }

    /// <summary>The official client on the process's pipes. It must not take a slow start for a server of the old protocol.</summary>
    /// <param name="extension">An extension that the client declares; null: none.</param>
    public async Task<McpClient> ConnectAsync(string? extension = null) => client ??= await McpClient.CreateAsync(
        new StreamClientTransport(Input.BaseStream, Output.BaseStream), new McpClientOptions { DiscoverProbeTimeout = Eventually.Limit, Capabilities = Declare(extension) });

    /// <summary>The capabilities of a client with an extension.</summary>
    public static ClientCapabilities Declare(string? extension) =>
        new() { Extensions = extension is null ? null : new Dictionary<string, object> { [extension] = new JsonObject() } };

    public async Task<CallToolResult> CallAsync(
        string tool, Dictionary<string, object?>? arguments = null, IProgress<ProgressNotificationValue>? progress = null, CancellationToken? cancel = null) =>
        await (await ConnectAsync()).CallToolAsync(tool, arguments ?? [], progress, cancellationToken: cancel ?? TestContext.Current.CancellationToken);

    /// <summary>Calls a tool that must succeed.</summary>
    public async Task<JsonElement> DoAsync(string tool, Dictionary<string, object?>? arguments = null)
    {
        var result = await CallAsync(tool, arguments);
        Assert.False(result.IsError, Text(result));
        return result.StructuredContent!.Value;
    }

    /// <summary>Calls a tool that must fail, and returns what the model reads.</summary>
    public async Task<string> FailAsync(string tool, Dictionary<string, object?> arguments)
    {
        var result = await CallAsync(tool, arguments);
        Assert.True(result.IsError, Text(result));
        return Text(result);
    }

    public Task<JsonElement> RunAsync(string command) => DoAsync("run_command", new() { ["command"] = command });

    /// <summary>Ends stdin and returns how long the process took to end.</summary>
    public async Task<TimeSpan> EndInputAsync()
    {
        var started = Stopwatch.GetTimestamp();
        Input.Close();
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Sends SIGTERM and returns how long the process took to end.</summary>
    public async Task<TimeSpan> TerminateAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", [Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
        return Stopwatch.GetElapsedTime(started);
    }

    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
    }

    /// <summary>Kills the server that a launcher has started beside itself.</summary>
    public async Task KillServerAsync()
    {
        var id = (await File.ReadAllTextAsync($"/proc/{Id}/task/{Id}/children")).Trim();
        using (var server = Process.GetProcessById(int.Parse(id, System.Globalization.CultureInfo.InvariantCulture))) server.Kill();
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
    }

    public async Task<int> ExitCodeAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Eventually.Limit);
        return process.ExitCode;
    }

    /// <summary>Most memory that the process has used, in MiB.</summary>
    public long PeakMemoryMB() => Process.GetProcessById(Id).PeakWorkingSet64 >> 20;

    public static string Text(CallToolResult result) => string.Join('\n', result.Content.OfType<TextContentBlock>().Select(block => block.Text));

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await TerminateAsync();
        if (client is not null) await client.DisposeAsync();
        process.Dispose();
    }
}
