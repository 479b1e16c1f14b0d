using System.Net;

namespace Moru.Mcp;

/// <summary>What the commands tell the person at the terminal, on stderr.</summary>
internal static class Complaint
{
    /// <returns>The exit code.</returns>
    public static int Write(string message, int exitCode = 1)
    {
        Console.Error.WriteLine($"moru-mcp: {message}");
        return exitCode;
    }

    /// <summary>Warns when not only this machine reaches a server.</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="remedy">What to do about it.</param>
    public static void WarnUnlessLoopback(IPAddress address, string remedy)
    {
        if (IPAddress.IsLoopback(address)) return;
        Write($"warning: on {address} others than this machine reach the server. API keys alone guard it, and plain HTTP shows them to the network: {remedy}.");
    }
}
