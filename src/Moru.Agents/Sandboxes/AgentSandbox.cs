namespace Moru.Agents;

/// <summary>
/// The sandbox of one conversation: made when it is first needed, kept alive by use, made anew when it has ended, and <b>killed when
/// this is disposed</b>. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await using var sandbox = new AgentSandbox(client, new() { Template = "python", ConversationId = "42" });
/// await using var tools = new MoruTools(sandbox);
/// </code>
/// </example>
public sealed class AgentSandbox : IAsyncDisposable
{
    // Renewing early by this part of the idle timeout spares a request on nearly every use.
    private const double Slack = 0.1;

    private readonly AgentSandboxOptions options;
    private readonly Func<Task<Sandbox>>? make;
    private readonly TimeProvider time;
    private readonly Lock guard = new();
    private Task<Sandbox>? current;
    private DateTimeOffset renewedTo;
    private string? lostId;
    private bool disposed;
    private CodeInterpreter? python;

    /// <summary>Prepares the sandbox of a conversation; nothing is sent yet.</summary>
    /// <param name="client">The server; it stays the caller's.</param>
    /// <param name="options">Template, limits and name; null: the defaults of <see cref="AgentSandboxOptions"/>.</param>
    /// <param name="timeProvider">For tests; default: the system's clock.</param>
    public AgentSandbox(MoruClient client, AgentSandboxOptions? options = null, TimeProvider? timeProvider = null)
        : this(client, options ?? new AgentSandboxOptions(), timeProvider ?? TimeProvider.System, make: null)
    {
    }

    internal AgentSandbox(MoruClient client, AgentSandboxOptions options, TimeProvider timeProvider, Func<Task<Sandbox>>? make)
    {
        ArgumentNullException.ThrowIfNull(client);
        Client = client;
        this.options = options;
        time = timeProvider;
        this.make = make ?? (() => client.CreateSandboxAsync(options.Template, options.ForServer()));
    }

    private AgentSandbox(MoruClient client, Sandbox existing)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(existing);
        Client = client;
        options = new AgentSandboxOptions();
        time = TimeProvider.System;
        current = Task.FromResult(existing);
    }

    /// <summary>The server.</summary>
    public MoruClient Client { get; }

    /// <summary>Name of the conversation; null: none.</summary>
    public string? ConversationId => options.ConversationId;

    /// <summary>Python in this sandbox, which starts with the first run.</summary>
    public CodeInterpreter Python
    {
        get
        {
            lock (guard) return python ??= new CodeInterpreter(this);
        }
    }

    /// <summary>The sandbox's id; null before its first use and after its end.</summary>
    public string? SandboxId
    {
        get
        {
            lock (guard) return current is { IsCompletedSuccessfully: true } made ? made.Result.SandboxId : null;
        }
    }

    /// <summary>Binds a conversation to a sandbox that exists, which stays the caller's: it is neither kept alive nor killed.</summary>
    public static AgentSandbox Bind(MoruClient client, Sandbox existing) => new(client, existing);

    /// <summary>Returns the sandbox with its life extended, making it when there is none.</summary>
    /// <param name="busyFor">How long it will be used; it is kept alive beyond that.</param>
    /// <param name="cancellationToken">Gives up waiting. A sandbox that is being made is kept for the next use.</param>
    /// <exception cref="SandboxException">It cannot be made, or the server does not answer.</exception>
    /// <exception cref="ObjectDisposedException">The conversation is over.</exception>
    public async Task<Sandbox> GetAsync(TimeSpan busyFor = default, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var sandbox = await StartedAsync().WaitAsync(cancellationToken);
            if (await RenewAsync(sandbox, busyFor, cancellationToken)) return sandbox;
            Lose(sandbox.SandboxId);
        }
    }

    /// <summary>Ends the sandbox for good; the next use makes a new one.</summary>
    /// <returns>False when there was none, or it is the caller's own.</returns>
    public async Task<bool> KillAsync(CancellationToken cancellationToken = default)
    {
        if (make is null || Take() is not { } making) return false;
        try
        {
            return await (await making.WaitAsync(cancellationToken)).KillAsync(cancellationToken);
        }
        catch (SandboxException) when (making.IsFaulted)
        {
            return false; // it was never made
        }
    }

    /// <summary>Kills the sandbox, also one that is still being made. A server that does not answer is no error: the idle timeout ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        CodeInterpreter? interpreter;
        lock (guard) (disposed, interpreter) = (true, python);
        try
        {
            await KillAsync();
            if (interpreter is not null) await interpreter.DisposeAsync();
        }
        catch (SandboxException)
        {
            // Dispose must not hide the exception that is already on its way.
        }
    }

    /// <summary>Says, once, that the sandbox was replaced; null when there is nothing to say.</summary>
    internal string? TakeNews()
    {
        lock (guard)
        {
            if (lostId is not { } id || current is null) return null;
            lostId = null;
            return $"The sandbox {id} had ended (its timeout passed or it was killed). This call used a new, empty one: files and processes of the old one are gone.";
        }
    }

    /// <summary>Forgets a sandbox that a tool has killed on the model's wish.</summary>
    internal void Forget(string sandboxId)
    {
        lock (guard)
        {
            if (make is not null && current is { IsCompletedSuccessfully: true } made && made.Result.SandboxId == sandboxId) current = null;
        }
    }

    /// <summary>Forgets a sandbox that was found gone, and remembers to say so.</summary>
    /// <exception cref="NotFoundException">It was the caller's, so that none can take its place.</exception>
    internal void Lose(string sandboxId)
    {
        if (make is null) throw new NotFoundException($"Sandbox '{sandboxId}', which this conversation is bound to, has ended.");
        lock (guard)
        {
            if (current is not { IsCompletedSuccessfully: true } made || made.Result.SandboxId != sandboxId) return;
            (current, lostId) = (null, sandboxId);
        }
    }

    private Task<Sandbox> StartedAsync()
    {
        lock (guard)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (current is null or { IsFaulted: true } or { IsCanceled: true }) current = MakeAsync();
            return current;
        }
    }

    // Not cancelled with the call that asked for it: a request that is given up may still have made a sandbox, which nobody would kill.
    private async Task<Sandbox> MakeAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller holds the guard
        var end = time.GetUtcNow() + options.IdleTimeout;
        var made = await make!();
        lock (guard) renewedTo = end;
        return made;
    }

    private async Task<bool> RenewAsync(Sandbox sandbox, TimeSpan busyFor, CancellationToken cancellationToken)
    {
        if (make is null) return true;
        var life = options.IdleTimeout + busyFor;
        var end = time.GetUtcNow() + life;
        lock (guard)
        {
            if (renewedTo >= end - (options.IdleTimeout * Slack)) return true;
        }

        try
        {
            await sandbox.SetTimeoutAsync(life, cancellationToken);
        }
        catch (NotFoundException)
        {
            return false;
        }

        lock (guard) renewedTo = end;
        return true;
    }

    private Task<Sandbox>? Take()
    {
        lock (guard)
        {
            var taken = current;
            current = null;
            return taken;
        }
    }
}
