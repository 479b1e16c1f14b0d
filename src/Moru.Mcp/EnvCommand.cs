using System.Net.Sockets;

namespace Moru.Mcp;

/// <summary>Prints what a shell must export so that SDKs find the server of this machine.</summary>
internal static class EnvCommand
{
    public static async Task<int> RunAsync(Settings settings, CancellationToken stop)
    {
        if (await ReadOrDefaultAsync(settings.ApiKeyPath, stop) is not { } key)
        {
            await Console.Error.WriteLineAsync("moru-mcp: no server has run on this data directory yet. Start one with './moru serve'.");
            return 1;
        }

        if (await ReadOrDefaultAsync(settings.HttpUrlPath, stop) is { } url && await AnswersAsync(url, stop))
        {
            Console.Write(Exports(url, key));
            return 0;
        }

        // Without an HTTP server there may still be one on the socket; the C# SDK reaches sandboxes through it as well.
        Console.Write(Export("MORU_API_URL", "unix:" + settings.SocketPath) + Export("MORU_API_KEY", key));
        if (!File.Exists(settings.SocketPath))
            await Console.Error.WriteLineAsync("moru-mcp: no server is running now. Start one with './moru serve'.");
        return 0;
    }

    /// <summary>Lines for a server on plain HTTP, where sandboxes are named by header because their host names do not resolve.</summary>
    public static string Exports(string url, string key) =>
        Export("MORU_API_URL", url) + Export("MORU_API_KEY", key) + Export("MORU_SANDBOX_URL", url);

    private static string Export(string name, string value) => $"export {name}='{value.Replace("'", @"'\''", StringComparison.Ordinal)}'\n";

    private static async Task<string?> ReadOrDefaultAsync(string path, CancellationToken stop)
    {
        try
        {
            return (await File.ReadAllTextAsync(path, stop)).Trim();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static async Task<bool> AnswersAsync(string url, CancellationToken stop)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return false;
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(uri.Host, uri.Port, stop);
            return true;
        }
        catch (SocketException)
        {
            return false; // left behind by a server that was killed
        }
    }
}
