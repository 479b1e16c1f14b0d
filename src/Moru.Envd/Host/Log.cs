namespace Moru.Envd;

/// <summary>One line on stderr for each failure that no caller is told in full.</summary>
internal static class Log
{
    public static void Failure(string what, Exception exception)
    {
        var reason = $"{exception.GetType().Name}: {exception.Message}".ReplaceLineEndings(" ");
        Console.Error.WriteLine($"{DateTimeOffset.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {what}: {reason}");
    }
}
