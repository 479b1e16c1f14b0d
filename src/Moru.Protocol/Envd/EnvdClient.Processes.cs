using System.Globalization;
using System.Runtime.CompilerServices;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    /// <summary>Starts a process and yields what happens to it. Leaving the enumeration does not end the process.</summary>
    /// <param name="start">What to run.</param>
    /// <param name="user">User to run as; null: the sandbox's default user.</param>
    /// <param name="timeout">How long the process may run before envd kills it; null or zero: no limit.</param>
    /// <param name="cancellationToken">Stops listening.</param>
    public async IAsyncEnumerable<ProcessEvent> StartAsync(
        StartRequest start,
        string? user,
        TimeSpan? timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/Start", user);
        if (timeout is { } limit && limit > TimeSpan.Zero)
            request.Headers.Add(Headers.ConnectTimeoutMs, Math.Ceiling(limit.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture));

        var stream = ConnectClient.StreamAsync(
            http, request, start, EnvdJson.Default.StartRequest, EnvdJson.Default.StartResponse, cancellationToken);
        await foreach (var message in stream.ConfigureAwait(false))
            yield return message.Event;
    }

    /// <summary>Sends a signal to a process started through envd.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such process.</exception>
    public async Task SendSignalAsync(ProcessSelector process, Signal signal, CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/SendSignal", user: null);
        await ConnectClient.UnaryAsync(
            http, request, new SendSignalRequest(process, signal), EnvdJson.Default.SendSignalRequest, EnvdJson.Default.Empty, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lists processes started through envd that still run.</summary>
    public async Task<IReadOnlyList<ProcessInfo>> ListProcessesAsync(CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/List", user: null);
        var response = await ConnectClient.UnaryAsync(
            http, request, new Empty(), EnvdJson.Default.Empty, EnvdJson.Default.ListProcessesResponse, cancellationToken).ConfigureAwait(false);
        return response.Processes ?? [];
    }

    /// <summary>Listens to a running process: its start, what it writes from now on, and its end.</summary>
    /// <param name="process">Which process.</param>
    /// <param name="cancellationToken">Stops listening; the process goes on.</param>
    /// <exception cref="ConnectException">While enumerating, <see cref="ConnectCode.NotFound"/>: no such process.</exception>
    public async IAsyncEnumerable<ProcessEvent> ConnectAsync(
        ProcessSelector process, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Rpc("process.Process/Connect", user: null);
        var stream = ConnectClient.StreamAsync(
            http, request, new ConnectRequest(process), EnvdJson.Default.ConnectRequest, EnvdJson.Default.ConnectResponse, cancellationToken);
        await foreach (var message in stream.ConfigureAwait(false))
            yield return message.Event;
    }

    /// <summary>Writes to the standard input or the terminal of a process.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such process; <see cref="ConnectCode.Internal"/>: it has no such input, or closed it.</exception>
    public Task SendInputAsync(ProcessSelector process, ProcessInput input, CancellationToken cancellationToken) =>
        CallAsync("process.Process/SendInput", new SendInputRequest(process, input), EnvdJson.Default.SendInputRequest, EnvdJson.Default.Empty, null, cancellationToken);

    /// <summary>Gives the terminal of a process a new size.</summary>
    /// <exception cref="ConnectException"><see cref="ConnectCode.NotFound"/>: no such process; <see cref="ConnectCode.Internal"/>: it has no terminal.</exception>
    public Task ResizeAsync(ProcessSelector process, PtySize size, CancellationToken cancellationToken) =>
        CallAsync("process.Process/Update", new UpdateRequest(process, new Pty(size)), EnvdJson.Default.UpdateRequest, EnvdJson.Default.Empty, null, cancellationToken);
}
