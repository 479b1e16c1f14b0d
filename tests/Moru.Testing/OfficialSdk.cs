using System.Text;

namespace Moru.Testing;

/// <summary>The official JavaScript SDK: a client that shares no line with ours.</summary>
public static class OfficialSdk
{
    private static readonly Lazy<Task<string>> Folder = new(() => NodePackages.InstallAsync("tests/Moru.Testing/js", "js", "run.mjs", "localhost.cjs"));

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
}
