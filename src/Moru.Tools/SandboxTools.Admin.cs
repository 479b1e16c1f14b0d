using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Moru.Protocol;

namespace Moru.Tools;

/// <content>Tools that look at sandboxes and change how long they live.</content>
internal sealed partial class SandboxTools
{
    private const int MaxSeconds = 86_400;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Description("URL of a server in a sandbox; checks that it listens.")]
    public Task<PortUrl> UrlAsync(
        [Description("TCP port")][Range(1, 65535)] int port,
        [Description(WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(sandbox_id, Patience, sandbox => UrlAsync(sandbox, port, sandbox_id, cancellationToken), cancellationToken);

    [Description("URL that lets anyone read, or write, one file for an hour.")]
    public Task<FileUrl> FileUrlAsync(
        [Description("The file"), StringLength(FileTools.MaxPath, MinimumLength = 1)] string path,
        [Description("For sending it, as a multipart form")] bool upload = false,
        [Description(WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            Patience,
            async sandbox =>
            {
                var life = TimeSpan.FromHours(1);
                var exists = await sandbox.Files.ExistsAsync(path, cancellationToken: cancellationToken);
                if (!upload && !exists)
                    throw new ToolException($"There is no file '{path}' in sandbox {sandbox.SandboxId}. See what there is with read_file on its directory.");
                var url = upload ? sandbox.UploadUrl(path, expiration: life) : sandbox.DownloadUrl(path, expiration: life);
                return new FileUrl { Url = url.AbsoluteUri, Method = upload ? "POST" : "GET" };
            },
            cancellationToken);

    [Description("State, timeout, size, usage and log of a sandbox.")]
    public async Task<SandboxDetails> InspectAsync(
        [Description(WhichSandbox)] string? sandbox_id = null,
        [Description("Newest log entries to show"), Range(0, 100)] int log_entries = 0,
        CancellationToken cancellationToken = default)
    {
        var client = await session.ClientAsync(cancellationToken);
        if (sandbox_id is null) return await session.UseAsync(null, Patience, sandbox => InspectAsync(client, sandbox.SandboxId, log_entries, cancellationToken), cancellationToken);
        try
        {
            return await InspectAsync(client, sandbox_id, log_entries, cancellationToken); // a paused one stays so
        }
        catch (Exception error) when (error is NotFoundException or InvalidArgumentException)
        {
            throw new ToolException(await session.DescribeUnknownAsync(sandbox_id, cancellationToken), error);
        }
    }

    [Description("Pause a sandbox: it keeps files, memory and processes, until a tool uses it.")]
    public Task<SandboxChange> PauseAsync([Description(WhichSandbox)] string? sandbox_id = null, CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            Patience,
            async sandbox =>
            {
                await session.PauseAsync(sandbox, cancellationToken);
                return new SandboxChange { State = "paused" };
            },
            cancellationToken);

    [Description("Set how long a sandbox lives from now, resuming a paused one.")]
    public Task<SandboxChange> SetTimeoutAsync(
        [Description("Seconds"), Range(1, MaxSeconds)] int timeout_seconds,
        [Description(WhichSandbox)] string? sandbox_id = null,
        CancellationToken cancellationToken = default) =>
        session.UseAsync(
            sandbox_id,
            Patience,
            async sandbox =>
            {
                await session.SetTimeoutAsync(sandbox, TimeSpan.FromSeconds(timeout_seconds), cancellationToken);
                return new SandboxChange { State = "running", TimeoutSeconds = timeout_seconds };
            },
            cancellationToken);

    private static async Task<SandboxDetails> InspectAsync(MoruClient client, string sandboxId, int logEntries, CancellationToken cancellationToken)
    {
        var info = await client.GetSandboxInfoAsync(sandboxId, cancellationToken);
        var metrics = await client.GetSandboxMetricsAsync(sandboxId, cancellationToken: cancellationToken);
        var log = logEntries == 0 ? null : SandboxLog.Write(await client.GetSandboxLogsAsync(sandboxId, limit: logEntries, cancellationToken: cancellationToken));
        return SandboxDetails.From(info, metrics.Count == 0 ? null : metrics[^1]) with { SandboxId = info.SandboxId, Log = log };
    }

    private static async Task<PortUrl> UrlAsync(Sandbox sandbox, int port, string? sandboxId, CancellationToken cancellationToken)
    {
        var sockets = await sandbox.Commands.RunAsync("cat /proc/net/tcp /proc/net/tcp6 2>/dev/null", CommandRun.AsRoot, cancellationToken);
        var ports = ListeningPorts(sockets.Stdout);
        if (!ports.Contains(port))
        {
            ports.Remove(Ports.Envd);
            var known = ports.Count == 0 ? "nothing listens on any port" : $"servers listen on {string.Join(", ", ports.Take(20))}";
            throw new ToolException($"Nothing listens on port {port} in sandbox {sandbox.SandboxId}; {known}. Start a server first, for example: {ToolCall.Write("run_command", ("command", $"python3 -m http.server {port}"), ("wait_seconds", 0), ("sandbox_id", sandboxId))}");
        }

        return new PortUrl { Url = sandbox.GetUrl(port).AbsoluteUri.TrimEnd('/'), Port = port, TrafficToken = sandbox.TrafficAccessToken };
    }

    /// <summary>Ports in the state LISTEN (0A) of the kernel's table, whose second column is ADDRESS:PORT in hexadecimal.</summary>
    private static SortedSet<int> ListeningPorts(string table) =>
    [
        .. table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 3 && columns[3] == "0A")
            .Select(columns => int.Parse(columns[1].AsSpan(columns[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
    ];
}
