using System.Globalization;
using Moru.Protocol;

namespace Moru.Mcp;

/// <summary>Keys and teams from the command line: one line each on stdout, with tabs between the columns; new secrets alone on a line.</summary>
internal static class AdminCommand
{
    public static Task<int> RunAsync(Settings settings, CommandLine line, CancellationToken stop) => AskAsync(
        settings, asAdmin: line.Verb == "teams" || line.Team is not null,
        server => line.Verb == "teams" ? TeamsAsync(server, line.Words, stop) : KeysAsync(server, line.Words, line.Team, stop), stop);

    /// <summary>Asks the server, and tells in one line why it did not work.</summary>
    public static async Task<int> AskAsync(Settings settings, bool asAdmin, Func<ControlPlane, Task> ask, CancellationToken stop)
    {
        using var logs = settings.CreateLogs();
        await using var backend = new Backend(settings, logs);
        try
        {
            using var server = await backend.AdministerAsync(asAdmin, stop);
            await ask(server);
            return 0;
        }
        catch (SandboxException error) when (error is not InvalidArgumentException)
        {
            return Complaint.Write(error.Message);
        }
    }

    private static async Task KeysAsync(ControlPlane server, IReadOnlyList<string> words, string? team, CancellationToken stop)
    {
        var query = team is null ? "" : "?teamID=" + Uri.EscapeDataString(team);
        switch (words)
        {
            case ["create", var name]:
                var body = ControlPlane.Body(new NameBody(name), ApiJson.Default.NameBody);
                Console.WriteLine((await server.SendAsync(HttpMethod.Post, "api-keys" + query, body, ApiJson.Default.CreatedTeamApiKey, stop)).Key);
                break;
            case ["delete", var id]:
                await server.DeleteAsync($"api-keys/{Uri.EscapeDataString(id)}{query}", stop);
                break;
            default:
                foreach (var key in await server.GetAsync("api-keys" + query, ApiJson.Default.IReadOnlyListTeamApiKey, stop))
                {
                    var mask = $"{key.Mask.Prefix}{key.Mask.MaskedValuePrefix}...{key.Mask.MaskedValueSuffix}";
                    Console.WriteLine(string.Join('\t', key.Id, mask, key.LastUsed is { } used ? Text(used) : "never used", key.Name));
                }

                break;
        }
    }

    private static async Task TeamsAsync(ControlPlane server, IReadOnlyList<string> words, CancellationToken stop)
    {
        switch (words)
        {
            case ["create", var name]:
                var body = ControlPlane.Body(new NameBody(name), ApiJson.Default.NameBody);
                var made = await server.SendAsync(HttpMethod.Post, "admin/teams", body, ApiJson.Default.CreatedTeam, stop);
                Console.WriteLine($"{made.TeamId}\n{made.ApiKey}");
                break;
            case ["block" or "unblock", var id]:
                var change = ControlPlane.Body(new TeamChange { IsBlocked = words[0] == "block" }, ApiJson.Default.TeamChange);
                await server.SendAsync(HttpMethod.Patch, "admin/teams/" + Uri.EscapeDataString(id), change, ApiJson.Default.AdminTeam, stop);
                break;
            default:
                foreach (var team in await server.GetAsync("admin/teams", ApiJson.Default.IReadOnlyListAdminTeam, stop))
                    Console.WriteLine(string.Join('\t', team.TeamId, team.IsBlocked ? "blocked" : "active", Text(team.CreatedAt), team.Name));
                break;
        }
    }

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
