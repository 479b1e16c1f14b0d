namespace Moru.Mcp.Tests;

/// <summary>Sandboxes that outlive the process that made them.</summary>
internal static class Leftovers
{
    /// <summary>Ends all of a data directory, whoever serves it.</summary>
    public static async Task EndAsync(string dataDirectory)
    {
        await using var mcp = McpProcess.Start(dataDirectory);
        foreach (var sandbox in (await mcp.DoAsync("list_sandboxes")).GetProperty("sandboxes").EnumerateArray())
            await mcp.DoAsync("kill_sandbox", new() { ["sandbox_id"] = sandbox.GetProperty("sandbox_id").GetString() });
    }
}
