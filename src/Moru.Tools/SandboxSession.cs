namespace Moru.Tools;

/// <summary>
/// One conversation with a model: a connection to the server, the session sandbox (made when a tool is first called without a sandbox
/// id, killed with the session) and handles of other sandboxes. Thread-safe.
/// </summary>
public sealed class SandboxSession : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task<MoruClient>> connect;
    private readonly SandboxSessionOptions options;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly SessionSandbox own;
    private readonly SandboxHandles others = new();
    private readonly PausedLives lives;
    private volatile MoruClient? client;
    private int disposed;

    /// <summary>Starts a session on <paramref name="client"/>, which it then owns; nothing is sent before the first call.</summary>
    public SandboxSession(MoruClient client, SandboxSessionOptions? options = null, TimeProvider? timeProvider = null)
        : this(_ => Task.FromResult(client), options, timeProvider) => ArgumentNullException.ThrowIfNull(client);

    /// <summary>Starts a session that looks for its server on the first call, and again on the next one when that failed.</summary>
    public SandboxSession(Func<CancellationToken, Task<MoruClient>> connect, SandboxSessionOptions? options = null, TimeProvider? timeProvider = null)
        : this(connect, options ??= new(), new SessionSandbox(options, timeProvider ??= TimeProvider.System), timeProvider) => ArgumentNullException.ThrowIfNull(connect);

    private SandboxSession(Func<CancellationToken, Task<MoruClient>> connect, SandboxSessionOptions options, SessionSandbox own, TimeProvider time) =>
        (this.connect, this.options, this.own, lives) = (connect, options, own, new PausedLives(time));

    /// <summary>The session sandbox; null before its first use and after it was killed.</summary>
    public string? SandboxId => own.Id;

    /// <summary>The interpreters that the session has started.</summary>
    internal Kernels Kernels { get; } = new();

    /// <summary>The terminals that its tools have opened.</summary>
    internal OpenTerminals Terminals { get; } = new();

    /// <summary>Process ids of the terminals that this session has open in a sandbox.</summary>
    public IReadOnlyList<int> TerminalsIn(string sandboxId) => Terminals.In(sandboxId);

    /// <summary>The screen of a terminal as it is now; what has scrolled off it stays for <c>use_terminal</c> to show.</summary>
    /// <returns>Null when this session has no such terminal open.</returns>
    public TerminalScreen? ScreenOrDefault(string sandboxId, int pid) => Terminals.FindOrDefault(sandboxId, pid)?.Peek();

    /// <summary>Starts a session whose own sandbox exists and stays the caller's: it is neither kept alive, nor replaced, nor killed with the session.</summary>
    /// <param name="client">Becomes the session's.</param>
    /// <param name="existing">The sandbox.</param>
    public static SandboxSession Bind(MoruClient client, Sandbox existing)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(existing);
        var options = new SandboxSessionOptions();
        return new(_ => Task.FromResult(client), options, new SessionSandbox(options, TimeProvider.System) { Bound = existing }, TimeProvider.System);
    }

    /// <summary>Starts a session whose own sandbox comes from elsewhere, such as a pool.</summary>
    internal static SandboxSession From(MoruClient client, SandboxSessionOptions options, TimeProvider time, Func<CancellationToken, Task<Sandbox>> make) =>
        new(_ => Task.FromResult(client), options, new SessionSandbox(options, time) { Make = make }, time);

    /// <summary>Returns the session sandbox with its life extended, making it when there is none.</summary>
    /// <param name="busyFor">How long it will be used; it is kept alive beyond that.</param>
    /// <param name="cancellationToken">Gives up waiting. A sandbox that is being made is kept for the next use.</param>
    /// <exception cref="SandboxException">It cannot be made, or the server does not answer.</exception>
    /// <exception cref="ObjectDisposedException">The session is over.</exception>
    public async Task<Sandbox> GetAsync(TimeSpan busyFor = default, CancellationToken cancellationToken = default) =>
        await own.GetAsync(await ClientAsync(cancellationToken), busyFor, cancellationToken);

    /// <summary>Kills the session sandbox unless it has a name or is the caller's, waiting for it as long as the options say (its timeout ends it otherwise). Other sandboxes live on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        using var patience = new CancellationTokenSource(options.EndPatience);
        try
        {
            await own.CloseAsync(patience.Token);
        }
        catch (Exception error) when (error is SandboxException or OperationCanceledException)
        {
            // The server is gone or slow; the sandbox's timeout ends it.
        }

        await Kernels.DisposeAsync();
        await Terminals.DisposeAsync();
        client?.Dispose();
        own.Dispose();
        gate.Dispose();
    }

    /// <summary>The client that everything of the session shares, which it owns; the server is found on the first call.</summary>
    /// <exception cref="SandboxException">There is no server; the next call looks again.</exception>
    public async Task<MoruClient> ClientAsync(CancellationToken cancellationToken = default)
    {
        if (client is { } ready) return ready;
        await gate.WaitAsync(cancellationToken);
        try
        {
            return client ??= await connect(cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Remembers a sandbox that a tool has made.</summary>
    internal void Add(Sandbox made) => others.Add(made);

    /// <summary>Runs <paramref name="call"/> on a sandbox and stamps its result with the sandbox's id.</summary>
    /// <param name="sandboxId">Which; null: the session's own, made anew when it has ended meanwhile, which the result then says.</param>
    /// <param name="busyFor">How long the call may take; the session sandbox is kept alive beyond it.</param>
    /// <param name="call">The work. A call that finds the session sandbox gone is made once more, on a new one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal async Task<T> UseAsync<T>(string? sandboxId, TimeSpan busyFor, Func<Sandbox, Task<T>> call, CancellationToken cancellationToken)
        where T : SandboxResult
    {
        var server = await ClientAsync(cancellationToken);
        if (sandboxId is not null) return await UseGivenAsync(server, sandboxId, busyFor, call, cancellationToken);

        var sandbox = await own.GetAsync(server, busyFor, cancellationToken);
        try
        {
            return await UseOwnAsync(sandbox, call);
        }
        catch (SandboxException error) when (ToolErrors.IsGone(error))
        {
            if (await ResumeOrDefaultAsync(sandbox, busyFor, cancellationToken) is null)
            {
                own.Lose(sandbox);
                await ForgetAsync(sandbox.SandboxId);
            }

            return await UseOwnAsync(await own.GetAsync(server, busyFor, cancellationToken), call);
        }
    }

    /// <summary>Finds the session sandbox without making it: also one that is kept under a name and that this session has not used yet.</summary>
    /// <returns>Null when there is none.</returns>
    public async Task<string?> FindIdAsync(CancellationToken cancellationToken = default) =>
        own.Id ?? (options.Name is null ? null : await SessionSandbox.FindIdAsync(await ClientAsync(cancellationToken), options.Name, cancellationToken));

    /// <summary>Pauses a sandbox; when a tool resumes it, it has as long to live as it had.</summary>
    internal async Task PauseAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var end = (await sandbox.GetInfoAsync(cancellationToken)).EndAt;
        if (await sandbox.PauseAsync(cancellationToken)) lives.Keep(sandbox.SandboxId, end);
        Cut(sandbox);
    }

    /// <summary>Sets how long a sandbox lives; the session's own is not shortened again by its next use.</summary>
    internal async Task SetTimeoutAsync(Sandbox sandbox, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var paused = (await sandbox.GetInfoAsync(cancellationToken)).State == Protocol.SandboxState.Paused;
        await (paused ? sandbox.ConnectAsync(timeout, cancellationToken) : sandbox.SetTimeoutAsync(timeout, cancellationToken));
        own.Extended(sandbox, timeout);
    }

    /// <summary>Ends a sandbox.</summary>
    /// <param name="sandboxId">Which; null: the session's own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Id of the sandbox that was killed; null when there was none.</returns>
    internal async Task<string?> KillAsync(string? sandboxId, CancellationToken cancellationToken)
    {
        if (sandboxId is null || sandboxId == own.Id)
        {
            if (await own.KillAsync(cancellationToken) is { } killed)
            {
                await ForgetAsync(killed);
                return killed;
            }

            if (sandboxId is not null || (sandboxId = await FindIdAsync(cancellationToken)) is null) return null; // one that is kept under a name may not have been used yet
        }

        var isKilled = await (await ClientAsync(cancellationToken)).KillSandboxAsync(sandboxId, cancellationToken);
        await ForgetAsync(sandboxId);
        return isKilled ? sandboxId : null;
    }

    /// <summary>Says, once, that a session sandbox that had ended was replaced; null when there is nothing to say.</summary>
    internal string? TakeNews() => own.TakeNews();

    /// <summary>What to tell a model that named a sandbox which is not there.</summary>
    internal async Task<string> DescribeUnknownAsync(string sandboxId, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        await foreach (var sandbox in (await ClientAsync(cancellationToken)).ListSandboxesAsync(cancellationToken: cancellationToken))
        {
            if (ids.Count == 20) break;
            ids.Add(sandbox.SandboxId == own.Id ? $"{sandbox.SandboxId} (the session sandbox)" : sandbox.SandboxId);
        }

        var known = ids.Count == 0 ? "No sandbox is running." : $"Running now: {string.Join(", ", ids)}.";
        return $"There is no sandbox '{sandboxId}': it never existed or has ended. {known} Leave out `sandbox_id` to use the session sandbox, or make another with create_sandbox.";
    }

    private async Task<T> UseOwnAsync<T>(Sandbox sandbox, Func<Sandbox, Task<T>> call)
        where T : SandboxResult
    {
        try
        {
            var result = Stamp(await call(sandbox), sandbox);
            return own.TakeNews() is { } news ? (T)(result with { Note = result.Note is null ? news : $"{news} {result.Note}" }) : (T)result;
        }
        catch (Exception error) when (error is ToolException || (error is SandboxException known && !ToolErrors.IsGone(known)))
        {
            var failure = error as ToolException ?? ToolErrors.From((SandboxException)error);
            throw own.TakeNews() is { } news ? new ToolException($"{news} Then it failed: {failure.Message}", error) : failure;
        }
    }

    private async Task<T> UseGivenAsync<T>(
        MoruClient server, string sandboxId, TimeSpan busyFor, Func<Sandbox, Task<T>> call, CancellationToken cancellationToken)
        where T : SandboxResult
    {
        var sandbox = sandboxId == own.Id ? await own.GetOrDefaultAsync(busyFor, cancellationToken) : await OtherAsync(server, sandboxId, cancellationToken);
        if (sandbox is null) throw new ToolException(await DescribeUnknownAsync(sandboxId, cancellationToken));
        try
        {
            return (T)Stamp(await call(sandbox), sandbox);
        }
        catch (SandboxException error) when (ToolErrors.IsGone(error))
        {
            if (await ResumeOrDefaultAsync(sandbox, busyFor, cancellationToken) is { } resumed) return (T)Stamp(await call(resumed), resumed);
            own.Lose(sandbox);
            await ForgetAsync(sandboxId);
            throw new ToolException(await DescribeUnknownAsync(sandboxId, cancellationToken), error);
        }
    }

    private async Task<Sandbox?> ResumeOrDefaultAsync(Sandbox sandbox, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        var (least, kept) = (options.IdleTimeout + busyFor, lives.Take(sandbox.SandboxId));
        var life = kept > least ? kept : least;
        if (await SessionSandbox.ResumeOrDefaultAsync(sandbox, life, cancellationToken) is not { } resumed) return null;
        if (sandbox.SandboxId == own.Id) own.Extended(sandbox, life);
        else others.Add(resumed);
        Cut(sandbox);
        return resumed;
    }

    // What a pause breaks off is noticed late, and a connection that comes back by itself may miss an answer.
    private void Cut(Sandbox paused)
    {
        Kernels.Cut(paused.SandboxId);
        Terminals.Cut(paused.SandboxId);
    }

    private async Task ForgetAsync(string endedId)
    {
        others.Remove(endedId);
        Kernels.Forget(endedId);
        await Terminals.ForgetAsync(endedId);
    }

    private async Task<Sandbox?> OtherAsync(MoruClient server, string sandboxId, CancellationToken cancellationToken)
    {
        if (others.Find(sandboxId) is { } known) return known;
        try
        {
            // No life is added: whoever made the sandbox decided how long it lives. A paused one is resumed once it does not answer.
            var sandbox = await server.AttachSandboxAsync(sandboxId, cancellationToken);
            others.Add(sandbox);
            return sandbox;
        }
        catch (SandboxException error) when (error is NotFoundException or InvalidArgumentException)
        {
            return null;
        }
    }

    private static SandboxResult Stamp(SandboxResult result, Sandbox sandbox) => result with { SandboxId = sandbox.SandboxId };
}
