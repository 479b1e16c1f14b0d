using System.Text.Json;

namespace Moru.Envd.Tests;

/// <summary>The official Connect client for JavaScript, in protobuf's binary form, with a schema of its own.</summary>
internal static class OfficialConnectClient
{
    private static readonly Lazy<Task<string>> Folder = new(() => NodePackages.InstallAsync("tests/Moru.Envd.Tests/js-binary", "js-binary", "call.mjs", "schema.mjs"));

    /// <summary>Calls a method.</summary>
    /// <returns>Each answer in JSON, last the error when it failed.</returns>
    public static async Task<JsonElement[]> CallBinaryAsync(this EnvdHost envd, string service, string method, string request)
    {
        var output = await Shell.RunAsync("node", Path.Combine(await Folder.Value, "call.mjs"), envd.Address.ToString().TrimEnd('/'), service, method, request);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }
}
