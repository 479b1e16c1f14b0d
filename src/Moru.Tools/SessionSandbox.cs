namespace Moru.Tools;

/// <summary>The session's own sandbox: made once on first use, kept alive by use, made again when it has ended.</summary>
internal sealed class SessionSandbox(TimeProvider time) : IDisposable
{
    private const string NameLabel = "moru.session";

    // Extending early by this much spares a request on nearly every call.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource closing = new();
    private volatile Sandbox? sandbox;
    private DateTimeOffset endsAt;
    private string? lostId;

    public string? Id => sandbox?.SandboxId;

    /// <summary>What the sandbox is found again by, and why it is kept; null: it ends with the session.</summary>
    public string? Name { get; set; }

    /// <summary>Returns the sandbox with its life extended, making it when there is none.</summary>
    public async Task<Sandbox> GetAsync(MoruClient client, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await gate.WaitAsync(limit.Token);
        try
        {
            return await ExtendAsync(busyFor, limit.Token) ?? await CreateAsync(client, busyFor, limit.Token);
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
    public void Lose(Sandbox gone)
    {
        if (Interlocked.CompareExchange(ref sandbox, null, gone) == gone) lostId = gone.SandboxId;
    }

    /// <summary>Says, once, that a lost sandbox was replaced; null when there is nothing to say.</summary>
    public string? TakeNews() =>
        sandbox is not null && Interlocked.Exchange(ref lostId, null) is { } id
            ? $"The session sandbox {id} had ended (its timeout passed or it was killed). This call used a new, empty one: files and processes of the old one are gone."
            : null;

    /// <summary>Kills it on the model's wish; the next use makes a new one without a word.</summary>
    /// <returns>Its id; null when there is none.</returns>
    public async Task<string?> KillAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (sandbox is not { } current) return null;
            await current.KillAsync(cancellationToken);
            sandbox = null;
            return current.SandboxId;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Gives up a creation under way and kills what there is.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await closing.CancelAsync();
        if (Name is null) await KillAsync(cancellationToken);
    }

    public void Dispose()
    {
        closing.Dispose();
        gate.Dispose();
    }

    private async Task<Sandbox?> ExtendAsync(TimeSpan busyFor, CancellationToken cancellationToken)
    {
        if (sandbox is not { } current) return null;
        var life = SandboxSession.IdleTimeout + busyFor;
        if (endsAt >= time.GetUtcNow() + life - Slack) return current;
        try
        {
            await current.SetTimeoutAsync(life, cancellationToken);
            endsAt = time.GetUtcNow() + life;
            return current;
        }
        catch (NotFoundException)
        {
            Lose(current);
            return null;
        }
    }

    private async Task<Sandbox> CreateAsync(MoruClient client, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        var life = SandboxSession.IdleTimeout + busyFor;
        var labels = Name is null ? null : new Dictionary<string, string> { [NameLabel] = Name };
        var found = labels is null ? null : await FindAsync(client, labels, life, cancellationToken);
        var made = found ?? await client.CreateSandboxAsync(options: new SandboxOptions { Timeout = life, Metadata = labels }, cancellationToken: cancellationToken);
        endsAt = time.GetUtcNow() + life;
        return sandbox = made;
    }

    private static async Task<Sandbox?> FindAsync(MoruClient client, Dictionary<string, string> labels, TimeSpan life, CancellationToken cancellationToken)
    {
        await foreach (var info in client.ListSandboxesAsync(labels, cancellationToken))
        {
            try
            {
                return await client.ConnectSandboxAsync(info.SandboxId, life, cancellationToken);
            }
            catch (NotFoundException)
            {
                // It has ended since it was listed.
            }
        }

        return null;
    }
}
