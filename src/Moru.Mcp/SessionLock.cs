using System.Security.Cryptography;
using System.Text;

namespace Moru.Mcp;

/// <summary>
/// Files in the data directory that one holder has at a time, whom the kernel takes it from when his process dies. A name has one of a few,
/// so that there are never more; those that share one wait for each other.
/// </summary>
internal static class SessionLock
{
    private const int Files = 32;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    /// <returns>What to dispose of at the end.</returns>
    public static async Task<IAsyncDisposable> WaitAsync(string dataDirectory, string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(dataDirectory, $"session-{SHA256.HashData(Encoding.UTF8.GetBytes(name))[0] % Files}.lock");
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            }
            catch (IOException) when (Directory.Exists(dataDirectory))
            {
                await Task.Delay(RetryInterval, cancellationToken);
            }
        }
    }
}
