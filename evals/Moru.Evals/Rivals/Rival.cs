namespace Moru.Evals;

/// <summary>
/// The shape of another server's tools: how many there are, what their list was measured to cost, and by which of them a script works.
/// Written from those facts alone: no text of theirs is here, and the names of arguments are ours.
/// </summary>
/// <param name="Name">Name of the face.</param>
/// <param name="Tools">How many tools it lists.</param>
/// <param name="ListTokens">What the list costs in every turn, at four bytes of compact JSON a token.</param>
/// <param name="Measured">Where these numbers come from.</param>
/// <param name="Create">Its tool that makes a sandbox, which it wants before anything else.</param>
/// <param name="Run">Its tool for a command line.</param>
/// <param name="Read">Its tool that reads a file; null: a command line does.</param>
/// <param name="Write">Its tool that writes a file; null: a command line does.</param>
/// <param name="Json">Whether results are JSON, which escapes what programs write.</param>
internal sealed record Rival(string Name, int Tools, long ListTokens, string Measured, string Create, string Run, string? Read, string? Write, bool Json)
{
    public static IReadOnlyList<Rival> All { get; } =
    [
        new("node-sandbox", 7, 1_880, "node-code-sandbox-mcp of November 2025, its list read over stdio",
            "sandbox_initialize", "sandbox_exec", null, null, Json: false),
        new("daytona", 12, 2_400, "the MCP server of Daytona's CLI, its list put together from its source",
            "create_sandbox", "execute_command", "file_download", "file_upload", Json: false),
        new("opensandbox", 19, 4_000, "OpenSandbox's MCP server, a lower bound estimated from its source",
            "sandbox_create", "command_run", "file_read", "file_write", Json: true),
        new("microsandbox", 70, 15_450, "microsandbox-mcp 0.7.2, its list read over stdio",
            "sandbox_create", "sandbox_shell", "sandbox_fs_read", "sandbox_fs_write", Json: true),
    ];

    public static bool Has(string face) => All.Any(rival => rival.Name == face);

    /// <summary>What a reader of the numbers must know.</summary>
    public static string Note { get; } = $"""
        The faces of other servers are shapes: number of tools, size of their list (bytes of JSON by four) and names of the tools used are measured or read
        from their sources; descriptions and arguments are not theirs, and the work is done in a sandbox of ours. A script takes the fewest turns there are,
        and one more where a server wants its sandbox made first; results come whole up to 1 MiB, as plain text or as JSON. Hostile tasks are left out,
        because how others meet them is not known. Lists of ours are counted by the tokenizer, without what a model does not get (output schemas,
        annotations); theirs hold that too, up to a quarter of the largest. So the numbers compare what lists and results cost, not how well a model does
        with them. {string.Join("; ", All.Select(rival => $"{rival.Name}: {rival.Measured}"))}.
        """.ReplaceLineEndings(" ");
}
