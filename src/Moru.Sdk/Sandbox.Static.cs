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

    /// <inheritdoc cref="MoruClient.ListSandboxesAsync"/>
    public static IAsyncEnumerable<SandboxInfo> ListAsync(IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListSandboxesAsync(metadata, cancellationToken);

    /// <inheritdoc cref="MoruClient.KillSandboxAsync"/>
    public static Task<bool> KillAsync(string sandboxId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.KillSandboxAsync(sandboxId, cancellationToken);

    /// <inheritdoc cref="MoruClient.SetSandboxTimeoutAsync"/>
    public static Task SetTimeoutAsync(string sandboxId, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        MoruClient.Default.SetSandboxTimeoutAsync(sandboxId, timeout, cancellationToken);
}
