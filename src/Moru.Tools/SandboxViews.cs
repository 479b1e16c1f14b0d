using Moru.Protocol;

namespace Moru.Tools;

/// <summary>
/// What tools show, for readers that must change nothing: unlike a tool, none of this makes or resumes a sandbox or adds to its life.
/// </summary>
public static class SandboxViews
{
    private const int BuildLogPage = 100;

    /// <summary>Where the output of commands is: <c>PID.out</c> and <c>PID.err</c>, and <c>PID.exit</c>, which is filled when the command ends.</summary>
    public static string OutputFolder => CommandScript.Folder;

    /// <summary>Lists the commands of a sandbox: those that run and the last that ended, newest first, then other processes that run.</summary>
    public static async Task<CommandList> ListCommandsAsync(Sandbox sandbox, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        var known = CommandList.Parse((await sandbox.Commands.RunAsync(CommandScript.List, CommandRun.AsRoot, cancellationToken)).Stdout);
        var others = (await sandbox.Commands.ListAsync(cancellationToken)).Where(process => known.All(line => line.Pid != process.Pid));
        return new CommandList { Commands = [.. known, .. others.Select(CommandLine.From)] };
    }

    /// <summary>Reads what a command has written so far.</summary>
    /// <param name="sandbox">Where it runs or ran.</param>
    /// <param name="pid">Its process id.</param>
    /// <param name="cursor">All that follows it, a page at a time; null: the beginning and the end.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ToolException">There is no such command, or the cursor is none.</exception>
    public static Task<CommandOutput> ReadOutputAsync(Sandbox sandbox, int pid, string? cursor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        return CommandRun.ReadAsync(sandbox, pid, cursor is null ? null : OutputCursor.Parse(cursor), TimeSpan.Zero, sandbox.SandboxId, cancellationToken);
    }

    /// <summary>Reads what processes of a sandbox did and printed, without the scripts by which tools and these views look at it.</summary>
    /// <param name="client">Of its server.</param>
    /// <param name="sandboxId">Which; it may have ended.</param>
    /// <param name="start">The first from then on; null: the newest.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There never was such a sandbox.</exception>
    public static async Task<IReadOnlyList<SandboxLogEntry>> ReadLogsAsync(MoruClient client, string sandboxId, DateTimeOffset? start = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return [.. SandboxLog.WithoutOurs(await client.GetSandboxLogsAsync(sandboxId, start, cancellationToken: cancellationToken))];
    }

    /// <summary>Reads how far the build of a template is and what it wrote, without waiting for more.</summary>
    /// <exception cref="NotFoundException">There is no such build.</exception>
    public static async Task<TemplateBuild> ReadBuildAsync(MoruClient client, string templateId, string buildId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var build = new BuildInfo("", templateId, buildId);
        var log = new BuildTail();
        for (var lines = 0; ;)
        {
            var now = await client.GetTemplateBuildStatusAsync(build, lines, cancellationToken);
            foreach (var entry in now.LogEntries) log.Add(entry.Message);
            lines += now.LogEntries.Count;
            if (now.LogEntries.Count < BuildLogPage) return TemplateBuild.From(build, now.Status.ToString().ToLowerInvariant(), log, now.Reason?.Message);
        }
    }
}
