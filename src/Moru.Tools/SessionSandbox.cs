namespace Moru.Tools;

/// <summary>The session's own sandbox: made once on first use, kept alive by use, made again when it has ended.</summary>
internal sealed class SessionSandbox(SandboxSessionOptions options, TimeProvider time) : IDisposable
{
    private const string NameLabel = "moru.session";

    private const int MaxFindings = 3;

    // Extending early by this part of the idle timeout spares a request on nearly every call.
    private const double Slack = 0.1;

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource closing = new();
    private readonly Sandbox? bound;
    private volatile Sandbox? sandbox;
    private Task<Sandbox>? making;
    private volatile bool closed;
    private DateTimeOffset endsAt;
    private string? lostId;

    public string? Id => sandbox?.SandboxId;

    /// <summary>Makes the sandbox in place of the server, such as a pool; null: the server does.</summary>
    public Func<CancellationToken, Task<Sandbox>>? Make { get; init; }

    /// <summary>The caller's own sandbox, which is neither kept alive, nor replaced, nor killed with the session.</summary>
    public Sandbox? Bound { init => sandbox = bound = value; }

    /// <summary>Returns the sandbox with its life extended, making it when there is none.</summary>
    public async Task<Sandbox> GetAsync(MoruClient client, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, typeof(SandboxSession));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await gate.WaitAsync(limit.Token);
        try
        {
            while (true)
            {
                sandbox ??= await MadeAsync(client, busyFor, limit.Token);
                if (await ExtendAsync(busyFor, limit.Token) is { } current) return current;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Returns the sandbox with its life extended; null when there is none or it has ended.</summary>
    public async Task<Sandbox?> GetOrDefaultAsync(TimeSpan busyFor, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await ExtendAsync(busyFor, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Notes that a sandbox was given another life by the model.</summary>
    public void Extended(Sandbox changed, TimeSpan life)
    {
        if (changed == sandbox) endsAt = time.GetUtcNow() + life;
    }

    /// <summary>Forgets a sandbox that was found gone.</summary>
    /// <exception cref="NotFoundException">It was the caller's, so that none can take its place.</exception>
    public void Lose(Sandbox gone)
    {
        if (gone == bound) throw BoundHasEnded(gone);
        if (Interlocked.CompareExchange(ref sandbox, null, gone) == gone) lostId = gone.SandboxId;
    }

    /// <summary>Says, once, that a lost sandbox was replaced; null when there is nothing to say.</summary>
    public string? TakeNews() =>
        sandbox is not null && Interlocked.Exchange(ref lostId, null) is { } id
            ? $"The session sandbox {id} had ended (its timeout passed or it was killed). This call used a new, empty one: files and processes of the old one are gone."
            : null;

    /// <summary>Resumes what does not answer because it is paused, by pause_sandbox or by its timeout.</summary>
    /// <returns>The sandbox, of which more is known once it runs; null when it is not paused.</returns>
    public static async Task<Sandbox?> ResumeOrDefaultAsync(Sandbox paused, TimeSpan life, CancellationToken cancellationToken)
    {
        try
        {
            return (await paused.GetInfoAsync(cancellationToken)).State == Protocol.SandboxState.Paused ? await paused.ConnectAsync(life, cancellationToken) : null;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>What became of a sandbox whose connections broke off; null when it has ended.</summary>
    public static async Task<Protocol.SandboxState?> StateOrDefaultAsync(Sandbox lost, CancellationToken cancellationToken)
    {
        try
        {
            return (await lost.GetInfoAsync(cancellationToken)).State;
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>Kills it on the model's wish; the next use makes a new one without a word.</summary>
    /// <returns>Its id; null when there is none.</returns>
    public async Task<string?> KillAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if ((sandbox ??= await MadeOrDefaultAsync(cancellationToken)) is not { } current) return null;
            await current.KillAsync(cancellationToken);
            sandbox = null;
            return current.SandboxId;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Kills what there is, also what is still being made, unless it is to be found again or the caller's. Gives up what takes longer.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        closed = true;
        try
        {
            if (options.Name is null && bound is null) await KillAsync(cancellationToken);
        }
        finally
        {
            await closing.CancelAsync();
        }
    }

    public void Dispose()
    {
        closing.Dispose();
        gate.Dispose();
    }

    private async Task<Sandbox?> ExtendAsync(TimeSpan busyFor, CancellationToken cancellationToken)
    {
        if (sandbox is not { } current || current == bound) return sandbox;
        var life = options.IdleTimeout + busyFor;
        if (endsAt >= time.GetUtcNow() + life - (options.IdleTimeout * Slack)) return current;
        try
        {
            await current.SetTimeoutAsync(life, cancellationToken);
        }
        catch (NotFoundException)
        {
            if (await ResumeOrDefaultAsync(current, life, cancellationToken) is null)
            {
                Lose(current);
                return null;
            }
        }

        endsAt = time.GetUtcNow() + life;
        return current;
    }

    private async Task<Sandbox> MadeAsync(MoruClient client, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(closed, typeof(SandboxSession));
        if (bound is not null) throw BoundHasEnded(bound);
        making ??= MakeAsync(client, options.IdleTimeout + busyFor);
        try
        {
            return await making.WaitAsync(cancellationToken);
        }
        finally
        {
            if (making.IsCompleted) making = null;
        }
    }

    private async Task<Sandbox?> MadeOrDefaultAsync(CancellationToken cancellationToken)
    {
        if (making is not { } unfinished) return null;
        try
        {
            return await unfinished.WaitAsync(cancellationToken);
        }
        catch (SandboxException)
        {
            return null; // it was never made
        }
        finally
        {
            if (unfinished.IsCompleted) making = null;
        }
    }

    // Not given up with the call that asked for it: a request that is given up may still have made a sandbox, which nobody would kill.
    private async Task<Sandbox> MakeAsync(MoruClient client, TimeSpan life)
    {
        var end = time.GetUtcNow() + life;
        var made = Make is { } make ? await make(closing.Token) : await FindOrCreateAsync(client, life, closing.Token);
        endsAt = end;
        return made;
    }

    private async Task<Sandbox> FindOrCreateAsync(MoruClient client, TimeSpan life, CancellationToken cancellationToken)
    {
        if (options.Name is not { } name) return await client.CreateSandboxAsync(options.Template, options.Sandbox with { Timeout = life }, cancellationToken);
        await using var alone = options.Alone is { } wait ? await wait(cancellationToken) : null;
        for (var tries = 0; tries < MaxFindings && await FindIdAsync(client, name, cancellationToken) is { } id; tries++)
        {
            try
            {
                return await client.ConnectSandboxAsync(id, life, cancellationToken);
            }
            catch (NotFoundException)
            {
                // It has ended since it was listed.
            }
        }

        var wanted = options.WithLabel(NameLabel, name);
        return await client.CreateSandboxAsync(wanted.Template, wanted.Sandbox with { Timeout = life }, cancellationToken);
    }

    /// <returns>Null when no sandbox has this name.</returns>
    public static async Task<string?> FindIdAsync(MoruClient client, string name, CancellationToken cancellationToken) =>
        (await client.ListSandboxesAsync(new Dictionary<string, string> { [NameLabel] = name }, cancellationToken).FirstOrDefaultAsync(cancellationToken))?.SandboxId;

    private static NotFoundException BoundHasEnded(Sandbox gone) => new($"Sandbox '{gone.SandboxId}', which this session is bound to, has ended.");
}
