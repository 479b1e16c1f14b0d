using System.Text.Json;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    /// <summary>Reads how much of its processors, memory and disk the sandbox uses.</summary>
    /// <exception cref="ConnectException">HTTP status 401: wrong token.</exception>
    public async Task<EnvdMetrics> MetricsAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, "metrics");
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonSerializer.DeserializeAsync(body, EnvdJson.Default.EnvdMetrics, cancellationToken).ConfigureAwait(false)
                ?? throw new ConnectException(ConnectCode.Internal, "envd reported no metrics");
        }
    }

    /// <summary>Has everything that the sandbox wrote put on disk. Ends nothing.</summary>
    /// <exception cref="ConnectException">HTTP status 401: wrong token; 500: the disk failed.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, "shutdown");
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
