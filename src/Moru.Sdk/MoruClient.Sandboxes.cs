using System.Globalization;
using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru;

/// <content>Sandboxes: making, finding, and what can be done by id.</content>
public sealed partial class MoruClient
{
    internal const int MaxLogEntries = 100;

    private static readonly Version OldestEnvd = new(0, 1, 0);

    /// <summary>Makes a sandbox and returns when its agent answers.</summary>
    /// <param name="template">Template id or alias.</param>
    /// <param name="options">Timeout, metadata, environment and the like; null: the defaults of <see cref="SandboxOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a half-made sandbox is removed by the server.</param>
    /// <exception cref="NotFoundException">The template does not exist.</exception>
    /// <exception cref="TemplateException">The template's agent is too old for this library; it must be built anew.</exception>
    /// <exception cref="InvalidArgumentException">An option is out of its range; the message names it.</exception>
    /// <exception cref="RateLimitException">The server runs as many sandboxes as it may.</exception>
    /// <exception cref="ServerUnreachableException">No server answers.</exception>
    public async Task<Sandbox> CreateSandboxAsync(
        string template = "base", SandboxOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(template);
        options ??= new SandboxOptions();
        if (options.ApiKey is { } key) return await With(new RequestOptions { ApiKey = key }).CreateSandboxAsync(template, options with { ApiKey = null }, cancellationToken).ConfigureAwait(false);

        var body = ApiTransport.Json(options.ToWire(template), ApiJson.Default.NewSandbox);
        var access = await api.SendAsync(HttpMethod.Post, "sandboxes", body, ApiJson.Default.SandboxAccess, cancellationToken).ConfigureAwait(false);
        if (!Version.TryParse(access.EnvdVersion, out var version) || version >= OldestEnvd) return new Sandbox(this, access);
        await KillSandboxAsync(access.SandboxId, cancellationToken).ConfigureAwait(false);
        throw new TemplateException($"Template '{template}' has an agent of version {version}; this library needs {OldestEnvd} or newer. Build the template anew.");
    }

    /// <summary>Takes hold of a sandbox that exists; a paused one is resumed.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="timeout">Extends its life to at least this from now; never shortens it. Default 300 s.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such sandbox, or it has ended.</exception>
    public async Task<Sandbox> ConnectSandboxAsync(string sandboxId, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var body = ApiTransport.Json(new SandboxTimeout(Seconds(timeout ?? SandboxOptions.DefaultTimeout)), ApiJson.Default.SandboxTimeout);
        return new Sandbox(this, await api.SendAsync(HttpMethod.Post, Path(sandboxId, "/connect"), body, ApiJson.Default.SandboxAccess, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Takes hold of a sandbox as it is: a paused one stays paused, and its life is not extended.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The sandbox, whose calls fail while it is paused.</returns>
    /// <exception cref="NotFoundException">There is no such sandbox, or it has ended.</exception>
    public async Task<Sandbox> AttachSandboxAsync(string sandboxId, CancellationToken cancellationToken = default)
    {
        var detail = await DetailAsync(sandboxId, cancellationToken).ConfigureAwait(false);
        return new Sandbox(this, new SandboxAccess
        {
            SandboxId = detail.SandboxId,
            TemplateId = detail.TemplateId,
            Alias = detail.Alias,
            EnvdVersion = detail.EnvdVersion,
            EnvdAccessToken = detail.EnvdAccessToken,
            TrafficAccessToken = detail.TrafficAccessToken,
            Domain = detail.Domain,
            PortUrl = detail.PortUrl,
        });
    }

    /// <summary>Lists sandboxes, newest first, fetching pages as they are needed.</summary>
    /// <param name="metadata">Only sandboxes that carry all these labels; null: all.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public IAsyncEnumerable<SandboxInfo> ListSandboxesAsync(
        IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        ListSandboxesAsync(new SandboxQuery { Metadata = metadata }, cancellationToken);

    /// <summary>Lists the sandboxes that a query finds, newest first, fetching pages as they are needed.</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public IAsyncEnumerable<SandboxInfo> ListSandboxesAsync(SandboxQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return ListPagesAsync(query, cancellationToken);
    }

    /// <summary>Lists one page of the sandboxes that a query finds.</summary>
    /// <param name="query">Which, how many, and from where.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="InvalidArgumentException"><see cref="SandboxQuery.NextToken"/> is none of this server's.</exception>
    public async Task<SandboxPage> ListSandboxPageAsync(SandboxQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (page, next) = await api.GetPageAsync(query.ToPath(), ApiJson.Default.IReadOnlyListListedSandbox, cancellationToken).ConfigureAwait(false);
        return new SandboxPage([.. page.Select(SandboxInfo.From)], next);
    }

    /// <summary>Lists sandboxes of now and before, newest first, with how they ended.</summary>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public async IAsyncEnumerable<SandboxRun> ListSandboxRunsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? next = null;
        do
        {
            var path = "v2/sandbox-runs?limit=100" + (next is null ? "" : "&nextToken=" + Uri.EscapeDataString(next));
            (var page, next) = await api.GetPageAsync(path, ApiJson.Default.IReadOnlyListSandboxRun, cancellationToken).ConfigureAwait(false);
            foreach (var run in page) yield return run;
        }
        while (next is not null);
    }

    /// <summary>Ends a sandbox for good.</summary>
    /// <returns>False when there is no such sandbox.</returns>
    public Task<bool> KillSandboxAsync(string sandboxId, CancellationToken cancellationToken = default) => DeleteAsync(Path(sandboxId), cancellationToken);

    /// <summary>Pauses a sandbox: it keeps files, memory and processes, and does nothing until someone connects to it.</summary>
    /// <returns>False when it was paused already.</returns>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public async Task<bool> PauseSandboxAsync(string sandboxId, CancellationToken cancellationToken = default)
    {
        try
        {
            await api.SendAsync(HttpMethod.Post, Path(sandboxId, "/pause"), null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SandboxException error) when (error.InnerException is ConnectException { HttpStatus: 409 })
        {
            return false;
        }
    }

    /// <summary>Sets how long a sandbox lives from now on; this may shorten or extend its life.</summary>
    /// <exception cref="NotFoundException">There is no such sandbox, or it is paused.</exception>
    public Task SetSandboxTimeoutAsync(string sandboxId, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var body = ApiTransport.Json(new SandboxTimeout(Seconds(timeout)), ApiJson.Default.SandboxTimeout);
        return api.SendAsync(HttpMethod.Post, Path(sandboxId, "/timeout"), body, cancellationToken);
    }

    /// <summary>Changes what a running or paused sandbox may reach, at once and for connections that are open too. Works with self-hosted servers.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="allowOut">As <see cref="NetworkOptions.AllowOut"/>; null: none.</param>
    /// <param name="denyOut">As <see cref="NetworkOptions.DenyOut"/>; null: none, and all with an <paramref name="allowOut"/>. <c>0.0.0.0/0</c> is everything.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    /// <exception cref="InvalidArgumentException">A rule is malformed, or the server cannot enforce it.</exception>
    public Task SetSandboxNetworkAsync(
        string sandboxId, IReadOnlyList<string>? allowOut = null, IReadOnlyList<string>? denyOut = null, CancellationToken cancellationToken = default)
    {
        var rules = new SandboxEgress { AllowOut = allowOut, DenyOut = NetworkOptions.DeniedWith(allowOut, denyOut) };
        return api.SendAsync(HttpMethod.Put, Path(sandboxId, "/network"), ApiTransport.Json(rules, ApiJson.Default.SandboxEgress), cancellationToken);
    }

    /// <summary>Reads what the server knows of a sandbox.</summary>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public async Task<SandboxInfo> GetSandboxInfoAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        SandboxInfo.From(await DetailAsync(sandboxId, cancellationToken).ConfigureAwait(false));

    /// <summary>Reads what a sandbox used of its processors, memory and disk, oldest first.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="start">Only from then on, to the second; null: from its beginning.</param>
    /// <param name="end">Only until then, to the second; null: until now.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The samples; none at first, since they are taken every few seconds.</returns>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public async Task<IReadOnlyList<SandboxMetrics>> GetSandboxMetricsAsync(
        string sandboxId, DateTimeOffset? start = null, DateTimeOffset? end = null, CancellationToken cancellationToken = default)
    {
        var range = string.Join('&', new[] { Moment("start", start), Moment("end", end) }.OfType<string>());
        var path = Path(sandboxId, "/metrics" + (range.Length > 0 ? "?" + range : ""));
        var samples = await api.SendAsync(HttpMethod.Get, path, null, ApiJson.Default.IReadOnlyListSandboxMetric, cancellationToken).ConfigureAwait(false);
        return [.. samples.Select(SandboxMetrics.From)];
    }

    /// <summary>Reads what the processes of a sandbox did and printed, oldest first; also after its end, for as long as the server keeps it.</summary>
    /// <param name="sandboxId">Its id.</param>
    /// <param name="start">The first entries from then on, to the millisecond; null: the newest there are.</param>
    /// <param name="limit">How many at most, 1 to 100; default 100.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Starts, ends and pieces of output; <see cref="LogEvents"/> are their kinds.</returns>
    /// <exception cref="NotFoundException">There never was such a sandbox.</exception>
    public async Task<IReadOnlyList<SandboxLogEntry>> GetSandboxLogsAsync(
        string sandboxId, DateTimeOffset? start = null, int limit = MaxLogEntries, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLogEntries);
        var from = start is { } time ? string.Create(CultureInfo.InvariantCulture, $"cursor={time.ToUnixTimeMilliseconds()}") : "direction=backward";
        var path = Path(sandboxId, string.Create(CultureInfo.InvariantCulture, $"/logs?{from}&limit={limit}"));
        return (await api.SendAsync(HttpMethod.Get, path, null, ApiJson.Default.SandboxLogs, cancellationToken).ConfigureAwait(false)).LogEntries;
    }

    private Task<SandboxDetail> DetailAsync(string sandboxId, CancellationToken cancellationToken) =>
        api.SendAsync(HttpMethod.Get, Path(sandboxId), null, ApiJson.Default.SandboxDetail, cancellationToken);

    private async IAsyncEnumerable<SandboxInfo> ListPagesAsync(SandboxQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (SandboxQuery? rest = query; rest is not null;)
        {
            var page = await ListSandboxPageAsync(rest, cancellationToken).ConfigureAwait(false);
            foreach (var sandbox in page.Sandboxes) yield return sandbox;
            rest = page.NextToken is null ? null : rest with { NextToken = page.NextToken };
        }
    }

    private static string? Moment(string name, DateTimeOffset? time) =>
        time is { } known ? string.Create(CultureInfo.InvariantCulture, $"{name}={known.ToUnixTimeSeconds()}") : null;

    private static string Path(string sandboxId, string suffix = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sandboxId);
        return $"sandboxes/{UrlSegment.Of(sandboxId)}{suffix}";
    }
}
