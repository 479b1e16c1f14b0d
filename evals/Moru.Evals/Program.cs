using Moru;
using Moru.AgentSamples;
using Moru.Evals;
using Moru.Runtime;

if (Options.Parse(args) is not { } options) return Options.Usage();
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    var model = Environment.GetEnvironmentVariable("MORU_MODEL") is { Length: > 0 } ? Model.FromEnvironment([]) : null;
    await using var server = await EvalServer.StartAsync(stop.Token);
    return await EvalCommand.RunAsync(options, server, model, stop.Token);
}
catch (Exception error) when (error is SandboxException or RuntimeException or ArgumentException or IOException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
