using Moru;
using Moru.AgentSamples;
using Moru.Evals;

if (Options.Parse(args) is not { } options) return Options.Usage();
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    var real = Environment.GetEnvironmentVariable("MORU_MODEL") is { Length: > 0 } ? Model.FromEnvironment([]) : null;
    return await options.RunAsync(MoruClient.Default, real, stop.Token);
}
catch (Exception error) when (error is SandboxException or ArgumentException or IOException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
