// Ten small programs, one for each section of the SDK's reference: dotnet run --project samples/Moru.Samples -- files
using Moru.Samples;

var samples = new Dictionary<string, Func<Task>>
{
    ["quick-start"] = QuickStart.RunAsync,
    ["sandboxes"] = Sandboxes.RunAsync,
    ["many-at-once"] = ManyAtOnce.RunAsync,
    ["files"] = Files.RunAsync,
    ["commands"] = Commands.RunAsync,
    ["terminals"] = Terminals.RunAsync,
    ["templates"] = Templates.RunAsync,
    ["volumes"] = Volumes.RunAsync,
    ["errors"] = Errors.RunAsync,
    ["web-app"] = WebApp.RunAsync,
};
if (args is not [var name] || !samples.TryGetValue(name, out var sample))
{
    Console.Error.WriteLine($"Name one of: {string.Join(", ", samples.Keys)}. MORU_API_URL and MORU_API_KEY say which server; './moru env' prints them.");
    return 2;
}

await sample();
return 0;
