using System.Security.Cryptography;
using System.Text.Json;

namespace Moru.Envd.Tests;

/// <summary>The official Connect client for JavaScript, in protobuf's binary form, with a schema of its own.</summary>
internal static class OfficialConnectClient
{
    private static readonly string Source = Path.Combine(Artifacts.Root, "tests/Moru.Envd.Tests/js-binary");
    private static readonly Lazy<Task<string>> Folder = new(InstallAsync);

    /// <summary>Calls a method.</summary>
    /// <returns>Each answer in JSON, last the error when it failed.</returns>
    public static async Task<JsonElement[]> CallBinaryAsync(this EnvdHost envd, string service, string method, string request)
    {
        var output = await Shell.RunAsync("node", Path.Combine(await Folder.Value, "call.mjs"), envd.Address.ToString().TrimEnd('/'), service, method, request);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }

    private static async Task<string> InstallAsync()
    {
        var parent = Directory.CreateDirectory(Path.Combine(Artifacts.Root, "artifacts/tests/js-binary")).FullName;
        var folder = Path.Combine(parent, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Source, "package-lock.json"))))[..16]);
        if (!Directory.Exists(folder))
        {
            // Complete or not there: an installation that was interrupted is not taken for one.
            var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
            foreach (var name in (string[])["package.json", "package-lock.json"]) File.Copy(Path.Combine(Source, name), Path.Combine(work, name));
            await Shell.RunAsync("npm", "ci", "--prefix", work, "--ignore-scripts", "--no-audit", "--no-fund");
            Directory.Move(work, folder);
        }

        foreach (var name in (string[])["call.mjs", "schema.mjs"]) File.Copy(Path.Combine(Source, name), Path.Combine(folder, name), overwrite: true);
        return folder;
    }
}
