using System.Globalization;
using Microsoft.AspNetCore.Http;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>Lengths of time that a call carries in its headers.</summary>
internal static class CallTimes
{
    private const double DefaultKeepaliveSeconds = 90;

    // Timers of .NET end at 49 days.
    private const double LongestMs = 40d * 24 * 60 * 60 * 1000;

    /// <summary>How long a started process may run, or a connected call listen; null: no limit.</summary>
    /// <exception cref="ConnectException">The header is not a number.</exception>
    public static TimeSpan? Limit(IHeaderDictionary headers)
    {
        var text = headers[Headers.ConnectTimeoutMs].ToString();
        if (text.Length == 0) return null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds) || double.IsNaN(milliseconds))
            throw new ConnectException(ConnectCode.InvalidArgument, $"invalid {Headers.ConnectTimeoutMs} header '{text}': a number of milliseconds is needed");
        return milliseconds > 0 ? TimeSpan.FromMilliseconds(Math.Min(milliseconds, LongestMs)) : null;
    }

    /// <summary>Silence after which a stream gets a sign of life.</summary>
    public static TimeSpan Keepalive(IHeaderDictionary headers)
    {
        var asked = double.TryParse(headers[Headers.KeepalivePingInterval], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds > 0;
        return TimeSpan.FromMilliseconds(Math.Min((asked ? Math.Max(seconds, 0.001) : DefaultKeepaliveSeconds) * 1000, LongestMs));
    }
}
