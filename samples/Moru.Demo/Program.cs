using ModelContextProtocol;
using Moru.Demo;

if (args is not ["--server", var server, .. { Length: <= 1 } rest])
{
    Console.Error.WriteLine("Usage: Moru.Demo --server MORU_MCP [FILE]\n\nMORU_MCP is the program moru-mcp; FILE is a CSV of at most 5 MB (default: samples/data/seattle-weather.csv).");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    var file = InputFile.Read(rest is [var path] ? path : "samples/data/seattle-weather.csv");
    await using var sandbox = await DemoSandbox.StartAsync(server, stop.Token);
    await Analysis.RunAsync(sandbox, file, stop.Token);
    return 0;
}
catch (Exception error) when (error is DemoException or McpException)
{
    Console.Error.WriteLine($"demo: {error.Message}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("demo: interrupted");
    return 130;
}
