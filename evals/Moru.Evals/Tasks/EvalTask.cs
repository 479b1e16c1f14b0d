using System.Text;
using Moru.Tools;

namespace Moru.Evals;

/// <summary>Something to do in a sandbox, how to see that it was done, and how a script does it.</summary>
internal sealed record EvalTask
{
    /// <summary>Category and name, such as <c>data/median</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What the agent is asked.</summary>
    public required string Prompt { get; init; }

    /// <summary>Files that are there at the beginning, by path.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>A command that prepares the sandbox further, as root; null: none.</summary>
    public string? Setup { get; init; }

    /// <summary>Looks at the sandbox and the answer. Returns what is wrong; null: it is done.</summary>
    public required Func<Evidence, Task<string?>> CheckAsync { get; init; }

    /// <summary>What a model that knows the answer does.</summary>
    public required Move[] Solution { get; init; }

    /// <summary>Whether the same calls give the same results and files each time, so that a replay must be equal; default true.</summary>
    public bool Deterministic { get; init; } = true;

    /// <summary>Whether it is in the fast subset, which CI runs.</summary>
    public bool Fast { get; init; }

    /// <summary>Whether it is about the tools themselves, so that plain bash has nothing to show; default false.</summary>
    public bool ToolsOnly { get; init; }

    /// <summary>Groups of tools that it needs; default the core.</summary>
    public Toolsets Toolsets { get; init; } = Toolsets.Core;

    /// <summary>Template of the sandbox in which it begins; default <c>base</c>.</summary>
    public string Template { get; init; } = "base";

    /// <summary>Name of the template that it builds, which is deleted afterwards; null: none.</summary>
    public string? Builds { get; init; }

    /// <summary>Name of the volume that it is about, which is deleted afterwards; null: none.</summary>
    public string? Volume { get; init; }

    /// <summary>What is in the volume at the beginning; null: the task has to make it.</summary>
    public IReadOnlyDictionary<string, string>? VolumeFiles { get; init; }

    public string Category => Id.Split('/')[0];

    /// <summary>Whether it is about more than the sandbox in which it begins.</summary>
    public bool ManySandboxes => (Toolsets & (Toolsets.Templates | Toolsets.Volumes | Toolsets.Admin)) != 0;
}

/// <summary>What a checker looks at.</summary>
internal sealed record Evidence(MoruClient Client, Sandbox Sandbox, string Answer, CancellationToken CancellationToken)
{
    public async Task<string?> FileIsAsync(string path, string expected) =>
        Compare(path, await Sandbox.Files.ReadTextAsync(path, cancellationToken: CancellationToken), expected);

    public async Task<string?> VolumeFileIsAsync(string volume, string path, string expected) =>
        Compare($"{path} of volume {volume}", Encoding.UTF8.GetString(await (await Client.GetVolumeAsync(volume, CancellationToken)).DownloadAsync(path, CancellationToken)), expected);

    public async Task<string?> VolumeHasAsync(string volume, string directory, string expected)
    {
        var names = new List<string>();
        await foreach (var file in (await Client.GetVolumeAsync(volume, CancellationToken)).ListFilesAsync(directory, CancellationToken)) names.Add(Path.GetFileName(file.Path));
        return Compare($"{directory} of volume {volume}", string.Join(' ', names), expected);
    }

    /// <summary>Runs a command as root, whatever its exit code.</summary>
    public Task<string?> CommandSaysAsync(string command, string expected) => CommandSaysAsync(Sandbox, command, expected);

    /// <summary>Runs a command in a new sandbox of a template.</summary>
    public async Task<string?> TemplateSaysAsync(string template, string command, string expected)
    {
        await using var made = await Client.CreateSandboxAsync(template, new() { Timeout = TimeSpan.FromMinutes(1) }, CancellationToken);
        return await CommandSaysAsync(made, command, expected);
    }

    public Task<string?> AnswerHasAsync(string expected) =>
        Task.FromResult(Answer.Contains(expected, StringComparison.OrdinalIgnoreCase) ? null : $"The answer '{Shorten(Answer)}' does not say '{expected}'.");

    private async Task<string?> CommandSaysAsync(Sandbox sandbox, string command, string expected)
    {
        var result = await sandbox.Commands.RunAsync($"{{ {command}\n}} 2>&1 || true", new() { User = "root", Cwd = "/home/user" }, CancellationToken);
        return Compare($"`{command}`", result.Stdout, expected);
    }

    private static string? Compare(string what, string actual, string expected) =>
        actual.Trim() == expected ? null : $"{what} says '{Shorten(actual.Trim())}' in place of '{Shorten(expected)}'.";

    private static string Shorten(string text) => text.Length <= 120 ? text : text[..117] + "...";
}
