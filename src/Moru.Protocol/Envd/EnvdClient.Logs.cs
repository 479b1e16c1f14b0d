using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    // Larger than any entry that envd makes; whatever sends more is not envd.
    private const int LongestLogLine = 1 << 20;

    /// <summary>Reads what envd's log of processes holds after an entry, and, when it follows, what comes from now on.</summary>
    /// <param name="after">Sequence number of the last entry that is known; 0: from the start.</param>
    /// <param name="follow">False: the answer ends with the last entry of this moment.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The entries; null is a sign of life without any.</returns>
    /// <exception cref="ConnectException">envd refused, or something else than envd answered.</exception>
    public async IAsyncEnumerable<ProcessLogEntry?> LogsAsync(long after, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"logs?cursor={after}&follow={(follow ? "true" : "false")}"));
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var buffer = new byte[16 << 10];
            var filled = 0;
            while (await body.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                var from = 0;
                var searched = filled;
                filled += count;
                while (Array.IndexOf(buffer, (byte)'\n', searched, filled - searched) is var end and >= 0)
                {
                    yield return end == from ? null : Entry(buffer.AsSpan(from, end - from));
                    from = searched = end + 1;
                }

                buffer.AsSpan(from, filled - from).CopyTo(buffer);
                filled -= from;
                if (filled < buffer.Length) continue;
                if (filled >= LongestLogLine) throw new ConnectException(ConnectCode.Internal, "the log holds a line that is too long");
                Array.Resize(ref buffer, filled * 2);
            }
        }
    }

    private static ProcessLogEntry Entry(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, EnvdJson.Default.ProcessLogEntry)
                ?? throw new ConnectException(ConnectCode.Internal, "the log holds a line without an entry");
        }
        catch (JsonException failure)
        {
            throw new ConnectException(ConnectCode.Internal, $"the log holds a line that is no entry: {failure.Message}");
        }
    }
}
