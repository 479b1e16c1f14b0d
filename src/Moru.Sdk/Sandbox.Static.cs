namespace Moru;

/// <content>The forms that need no client: they use <see cref="MoruClient.Default"/>.</content>
public sealed partial class Sandbox
{
    /// <inheritdoc cref="MoruClient.CreateSandboxAsync"/>
    public static Task<Sandbox> CreateAsync(string template = "base", SandboxOptions? options = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.CreateSandboxAsync(template, options, cancellationToken);

    /// <inheritdoc cref="MoruClient.ConnectSandboxAsync"/>
    public static Task<Sandbox> ConnectAsync(string sandboxId, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ConnectSandboxAsync(sandboxId, timeout, cancellationToken);

    /// <inheritdoc cref="MoruClient.AttachSandboxAsync"/>
    public static Task<Sandbox> AttachAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.AttachSandboxAsync(sandboxId, cancellationToken);

    /// <inheritdoc cref="MoruClient.ListSandboxesAsync(IReadOnlyDictionary{string, string}?, CancellationToken)"/>
    public static IAsyncEnumerable<SandboxInfo> ListAsync(IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListSandboxesAsync(metadata, cancellationToken);

    /// <inheritdoc cref="MoruClient.ListSandboxesAsync(SandboxQuery, CancellationToken)"/>
    public static IAsyncEnumerable<SandboxInfo> ListAsync(SandboxQuery query, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListSandboxesAsync(query, cancellationToken);

    /// <inheritdoc cref="MoruClient.ListSandboxPageAsync"/>
    public static Task<SandboxPage> ListPageAsync(SandboxQuery query, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListSandboxPageAsync(query, cancellationToken);

    /// <inheritdoc cref="MoruClient.KillSandboxAsync"/>
    public static Task<bool> KillAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.KillSandboxAsync(sandboxId, cancellationToken);

    /// <inheritdoc cref="MoruClient.PauseSandboxAsync"/>
    public static Task<bool> PauseAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.PauseSandboxAsync(sandboxId, cancellationToken);

    /// <inheritdoc cref="MoruClient.SetSandboxTimeoutAsync"/>
    public static Task SetTimeoutAsync(string sandboxId, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        MoruClient.Default.SetSandboxTimeoutAsync(sandboxId, timeout, cancellationToken);

    /// <inheritdoc cref="MoruClient.GetSandboxInfoAsync"/>
    public static Task<SandboxInfo> GetInfoAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.GetSandboxInfoAsync(sandboxId, cancellationToken);

    /// <inheritdoc cref="MoruClient.GetSandboxMetricsAsync"/>
    public static Task<IReadOnlyList<SandboxMetrics>> GetMetricsAsync(
        string sandboxId, DateTimeOffset? start = null, DateTimeOffset? end = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.GetSandboxMetricsAsync(sandboxId, start, end, cancellationToken);

    /// <inheritdoc cref="MoruClient.GetSandboxLogsAsync"/>
    public static Task<IReadOnlyList<Protocol.SandboxLogEntry>> GetLogsAsync(
        string sandboxId, DateTimeOffset? start = null, int limit = MoruClient.MaxLogEntries, CancellationToken cancellationToken = default) =>
        MoruClient.Default.GetSandboxLogsAsync(sandboxId, start, limit, cancellationToken);
}
