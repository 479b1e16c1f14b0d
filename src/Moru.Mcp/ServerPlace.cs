namespace Moru.Mcp;

/// <summary>Where a server of this machine answers, left in its data directory for those who look for it.</summary>
/// <param name="Url">Root of the API over plain HTTP.</param>
/// <param name="Domain">Domain of sandbox host names with TLS, and its port; null: there is no TLS.</param>
internal sealed record ServerPlace(string Url, string? Domain)
{
    /// <returns>Null when no server listens on TCP, or the last one was killed before it said so.</returns>
    public static async Task<ServerPlace?> ReadOrDefaultAsync(Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(settings.HttpUrlPath, cancellationToken);
            return lines is [var url, .. var rest] ? new ServerPlace(url, rest.FirstOrDefault()) : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static void Delete(Settings settings) => File.Delete(settings.HttpUrlPath);

    public Task WriteAsync(Settings settings, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(settings.HttpUrlPath, Domain is null ? $"{Url}\n" : $"{Url}\n{Domain}\n", cancellationToken);
}
