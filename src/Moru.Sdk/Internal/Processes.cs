using Moru.Protocol;

namespace Moru;

/// <summary>What is done alike to commands and terminals.</summary>
internal static class Processes
{
    public static async Task<bool> KillAsync(SandboxConnection connection, ProcessSelector process, CancellationToken cancellationToken)
    {
        try
        {
            await connection.CallAsync(token => connection.Envd.SendSignalAsync(process, Signal.Kill, token), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    public static Task SendAsync(SandboxConnection connection, ProcessSelector process, ProcessInput input, CancellationToken cancellationToken) =>
        connection.CallAsync(token => connection.Envd.SendInputAsync(process, input, token), cancellationToken);

    /// <summary>Why nothing is heard of a process any more.</summary>
    public static Exception WhyLost(SandboxConnection connection, ProcessListener listener, TimeSpan timeout, Exception error) => error switch
    {
        _ when listener.Left.IsCancellationRequested => new SandboxException(
            $"This handle let go of process {listener.Pid} of sandbox '{connection.SandboxId}'; connect to the process to hear of it again.", error),
        ConnectException { Code: ConnectCode.DeadlineExceeded } when timeout > TimeSpan.Zero => new SandboxTimeoutException(
            $"Process {listener.Pid} ran longer than its timeout of {timeout.TotalSeconds:0.###} s and was killed. Give it a longer timeout, or zero for none.", error),
        _ => connection.Translate(error) ?? error,
    };
}
