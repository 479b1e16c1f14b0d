namespace Moru.Mcp;

/// <summary>What is told to a client beside the answers to its requests.</summary>
internal static class McpNotice
{
    /// <summary>Waits until a notice is sent. One that nobody is there to hear is lost, and the call that it is about goes on: it may be a task.</summary>
    /// <returns>False when the client has gone.</returns>
    public static async Task<bool> TrySendAsync(Task sending)
    {
        try
        {
            await sending;
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            return false;
        }
    }
}
