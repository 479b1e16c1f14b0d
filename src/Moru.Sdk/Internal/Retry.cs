namespace Moru;

/// <summary>
/// Sends a request again when that cannot do harm: when it never left this machine, or when doing it twice is doing it once.
/// An answer, whatever it says, is never a reason.
/// </summary>
internal static class Retry
{
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public static async Task<T> RunAsync<T>(Func<Task<T>> send, bool idempotent, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send().ConfigureAwait(false);
            }
            catch (HttpRequestException error) when (attempt < Attempts && (NeverSent(error) || (idempotent && BrokeOff(error))))
            {
                await Task.Delay(Pause * attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // No connection, so nothing was sent. A name or certificate that is wrong now is wrong in a moment too.
    private static bool NeverSent(HttpRequestException error) => error.HttpRequestError is HttpRequestError.ConnectionError;

    private static bool BrokeOff(HttpRequestException error) => error.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown;
}
