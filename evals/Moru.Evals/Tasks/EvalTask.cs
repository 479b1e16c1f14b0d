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

    public string Category => Id.Split('/')[0];
}

/// <summary>What a checker looks at.</summary>
internal sealed record Evidence(Sandbox Sandbox, string Answer, CancellationToken CancellationToken)
{
    /// <summary>Runs a command as root and returns its output, whatever its exit code.</summary>
    public async Task<string> RunAsync(string command)
    {
        var result = await Sandbox.Commands.RunAsync($"{{ {command}\n}} 2>&1 || true", new() { User = "root", Cwd = "/home/user" }, CancellationToken);
        return result.Stdout.TrimEnd();
    }

    public async Task<string?> FileIsAsync(string path, string expected)
    {
        var actual = (await Sandbox.Files.ReadTextAsync(path, cancellationToken: CancellationToken)).Trim();
        return actual == expected ? null : $"{path} says '{Shorten(actual)}' in place of '{Shorten(expected)}'.";
    }

    public async Task<string?> CommandSaysAsync(string command, string expected)
    {
        var actual = await RunAsync(command);
        return actual == expected ? null : $"`{command}` says '{Shorten(actual)}' in place of '{Shorten(expected)}'.";
    }

    public Task<string?> AnswerHasAsync(string expected) =>
        Task.FromResult(Answer.Contains(expected, StringComparison.OrdinalIgnoreCase) ? null : $"The answer '{Shorten(Answer)}' does not say '{expected}'.");

    private static string Shorten(string text) => text.Length <= 120 ? text : text[..117] + "...";
}
