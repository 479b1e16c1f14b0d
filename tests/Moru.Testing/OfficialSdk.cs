using System.Security.Cryptography;
using System.Text;

namespace Moru.Testing;

/// <summary>The official JavaScript SDK: a client that shares no line with ours.</summary>
public static class OfficialSdk
{
    private static readonly string Source = Path.Combine(Artifacts.Root, "tests/Moru.Testing/js");
    private static readonly Lazy<Task<string>> Folder = new(InstallAsync);

    /// <summary>Runs a JavaScript function body, which has the names <c>sandbox</c>, <c>sdk</c>, <c>failure</c> and <c>until</c> of js/run.mjs.</summary>
    /// <param name="envd">The one envd that <c>sandbox</c> is.</param>
    /// <param name="body">The function body.</param>
    /// <returns>What it returns, as JSON.</returns>
    public static async Task<string> RunAsync(Uri envd, string body) =>
        await Shell.RunAsync(Encoding.UTF8.GetBytes(body), "node", Path.Combine(await Folder.Value, "run.mjs"), envd.ToString().TrimEnd('/'));

    /// <summary>The same with the server that the environment names; <c>sandbox</c> is undefined.</summary>
    public static async Task<string> RunAsync(IEnumerable<(string Name, string Value)> environment, string body) =>
        await Shell.RunAsync(Encoding.UTF8.GetBytes(body), await ResolvingAsync(environment), "node", Path.Combine(await Folder.Value, "run.mjs"));

    /// <summary>Runs a program as a user would write it.</summary>
    /// <returns>What it prints.</returns>
    public static async Task<string> RunProgramAsync(IEnumerable<(string Name, string Value)> environment, string program)
    {
        // Beside the packages, where Node looks for them.
        var file = Path.Combine(await Folder.Value, $"{Guid.NewGuid():n}.mjs");
        await File.WriteAllTextAsync(file, program);
        try
        {
            return await Shell.RunAsync(default, await ResolvingAsync(environment), "node", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Lets Node resolve names below localhost, which the test machine's resolver may not do.</summary>
    private static async Task<IEnumerable<(string Name, string Value)>> ResolvingAsync(IEnumerable<(string Name, string Value)> environment) =>
        [.. environment, ("NODE_OPTIONS", "--require=" + Path.Combine(await Folder.Value, "localhost.cjs"))];

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

        foreach (var name in (string[])["run.mjs", "localhost.cjs"]) File.Copy(Path.Combine(Source, name), Path.Combine(folder, name), overwrite: true);
        return folder;
    }
}
