using Moru.Protocol;

namespace Moru;

/// <summary>The agent of one sandbox, with failures as this library's exceptions and every request bounded in time.</summary>
internal sealed class SandboxConnection(HttpClient http, Uri root, string? accessToken, string sandboxId, TimeSpan requestTimeout)
{
    /// <summary>How often a silent stream shows that it lives.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(50);

    public EnvdClient Envd { get; } = new(http, root, accessToken);

    public string SandboxId => sandboxId;

    public TimeSpan RequestTimeout => requestTimeout;

    /// <summary>Runs one request that may be sent twice, with the request timeout.</summary>
    public Task<T> ReadAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(token => Retry.RunAsync(() => call(token), idempotent: true, token), requestTimeout, cancellationToken);

    /// <summary>Runs one request with the request timeout; it is sent again only if it never left.</summary>
    public Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(token => Retry.RunAsync(() => call(token), idempotent: false, token), requestTimeout, cancellationToken);

    /// <summary>Runs one request without an answer.</summary>
    public Task CallAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) =>
        CallAsync(
            async token =>
            {
                await call(token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>Runs one request once, with a limit of its own.</summary>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await call(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxTimeoutException($"Sandbox '{sandboxId}' did not answer within {timeout.TotalSeconds:0.#} s.", error);
        }
        catch (Exception error) when (Translate(error) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>What a failure of the wire means; null when it is none, such as a cancellation.</summary>
    public SandboxException? Translate(Exception error) => error switch
    {
        ConnectException connect => ApiErrors.FromEnvd(connect, sandboxId),
        HttpRequestException connection => ApiErrors.FromConnection(connection, root.Authority),
        IOException broken => new SandboxTimeoutException($"The connection to sandbox '{sandboxId}' broke off: {broken.Message}", broken),
        _ => null,
    };
}
