using System.Security.Cryptography;
using System.Text;

namespace Moru.Envd.Tests;

/// <summary>The official JavaScript SDK: a client that shares no line with ours.</summary>
internal static class OfficialSdk
{
    private static readonly string Source = Path.Combine(Artifacts.Root, "tests/Moru.Envd.Tests/js");
    private static readonly Lazy<Task<string>> Folder = new(InstallAsync);

    /// <summary>Runs a JavaScript function body, which has the names <c>sandbox</c>, <c>sdk</c>, <c>failure</c> and <c>until</c> of js/run.mjs.</summary>
    /// <returns>What it returns, as JSON.</returns>
    public static async Task<string> JavaScriptAsync(this EnvdHost envd, string body) =>
        await Shell.RunAsync(Encoding.UTF8.GetBytes(body), "node", Path.Combine(await Folder.Value, "run.mjs"), envd.Address.ToString().TrimEnd('/'));

    private static async Task<string> InstallAsync()
    {
        var parent = Directory.CreateDirectory(Path.Combine(Artifacts.Root, "artifacts/tests/js")).FullName;
        var folder = Path.Combine(parent, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Source, "package-lock.json"))))[..16]);
        if (!Directory.Exists(folder))
        {
            // Complete or not there: an installation that was interrupted is not taken for one.
            var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
            foreach (var name in (string[])["package.json", "package-lock.json"]) File.Copy(Path.Combine(Source, name), Path.Combine(work, name));
            await Shell.RunAsync("npm", "ci", "--prefix", work, "--ignore-scripts", "--no-audit", "--no-fund");
            Directory.Move(work, folder);
        }

        File.Copy(Path.Combine(Source, "run.mjs"), Path.Combine(folder, "run.mjs"), overwrite: true);
        return folder;
    }
}
