using Moru;
using Moru.AgentSamples;

if (args is not [var name] || !Sample.All.TryGetValue(name, out var sample))
{
    Console.Error.WriteLine($"Usage: Moru.AgentSamples SAMPLE\n\nSamples: {string.Join(", ", Sample.All.Keys)}. The server is that of MORU_API_URL and MORU_API_KEY, the model that of MORU_MODEL (default: a script).");
    return 2;
}

try
{
    using var model = Model.FromEnvironment(sample.Script);
    await sample.RunAsync(MoruClient.Default, model);
    return 0;
}
catch (Exception error) when (error is SandboxException or ArgumentException or HttpRequestException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
