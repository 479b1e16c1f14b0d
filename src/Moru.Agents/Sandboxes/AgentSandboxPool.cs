using Moru.Tools;

namespace Moru.Agents;

/// <summary>
/// A sandbox for each of many conversations, with some kept ready for those to come. <b>Disposing kills them all.</b> Thread-safe.
/// </summary>
public sealed class AgentSandboxPool : IAsyncDisposable
{
    private readonly MoruClient client;
    private readonly AgentSandboxPoolOptions options;
    private readonly TimeProvider time;
    private readonly Lock guard = new();
    private readonly Dictionary<string, (AgentSandbox Sandbox, long LastOpened)> conversations = [];
    private readonly Queue<Task<Sandbox>> ready = [];
    private long openings;
    private bool disposed;

    /// <summary>Prepares a pool and begins to make what it keeps ready.</summary>
    /// <param name="client">The server; it stays the caller's.</param>
    /// <param name="options">Kind and number of sandboxes; null: the defaults of <see cref="AgentSandboxPoolOptions"/>.</param>
    /// <param name="timeProvider">For tests; default: the system's clock.</param>
    public AgentSandboxPool(MoruClient client, AgentSandboxPoolOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        this.client = client;
        this.options = options ?? new AgentSandboxPoolOptions();
        time = timeProvider ?? TimeProvider.System;
        lock (guard) Refill();
    }

    /// <summary>Returns the sandbox of a conversation, the same one until it is closed.</summary>
    /// <remarks>Beyond <see cref="AgentSandboxPoolOptions.MaxConversations"/>, the conversation not opened for longest is closed.</remarks>
    /// <exception cref="ObjectDisposedException">The pool has ended.</exception>
    public async Task<AgentSandbox> OpenAsync(string conversationId)
    {
        ArgumentException.ThrowIfNullOrEmpty(conversationId);
        AgentSandbox? oldest = null;
        AgentSandbox sandbox;
        lock (guard)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (!conversations.TryGetValue(conversationId, out var entry))
            {
                if (conversations.Count >= options.MaxConversations && conversations.Remove(conversations.MinBy(pair => pair.Value.LastOpened).Key, out var evicted))
                    oldest = evicted.Sandbox;
                var own = options.Sandbox with { ConversationId = conversationId };
                entry.Sandbox = new AgentSandbox(SandboxSession.From(AgentSandbox.Shared(client), own.Labelled, time, _ => TakeAsync(own)), conversationId);
            }

            sandbox = entry.Sandbox;
            conversations[conversationId] = (sandbox, ++openings);
        }

        if (oldest is not null) await oldest.DisposeAsync();
        return sandbox;
    }

    /// <summary>Ends a conversation and kills its sandbox.</summary>
    /// <returns>False when there is no such conversation.</returns>
    public async Task<bool> CloseAsync(string conversationId)
    {
        AgentSandbox closed;
        lock (guard)
        {
            if (!conversations.Remove(conversationId, out var entry)) return false;
            closed = entry.Sandbox;
        }

        await closed.DisposeAsync();
        return true;
    }

    /// <summary>Ends every conversation and kills every sandbox, also those kept ready.</summary>
    public async ValueTask DisposeAsync()
    {
        AgentSandbox[] open;
        Task<Sandbox>[] unused;
        lock (guard)
        {
            disposed = true;
            open = [.. conversations.Values.Select(entry => entry.Sandbox)];
            unused = [.. ready];
            conversations.Clear();
            ready.Clear();
        }

        await Task.WhenAll([.. open.Select(sandbox => sandbox.DisposeAsync().AsTask()), .. unused.Select(KillAsync)]);
    }

    private async Task<Sandbox> TakeAsync(AgentSandboxOptions own)
    {
        while (NextReady() is { } making)
        {
            try
            {
                var sandbox = await making;
                await sandbox.SetTimeoutAsync(own.IdleTimeout);
                return sandbox;
            }
            catch (SandboxException)
            {
                // It ended unused, or could not be made; making one now tells why, if the reason still holds.
            }
        }

        return await MakeAsync(own.Labelled);
    }

    private Task<Sandbox>? NextReady()
    {
        lock (guard)
        {
            if (!ready.TryDequeue(out var making)) return null;
            if (!making.IsFaulted) Refill();
            return making;
        }
    }

    private void Refill()
    {
        while (!disposed && ready.Count < options.Ready)
            ready.Enqueue(Task.Run(() => MakeAsync(options.Sandbox)));
    }

    private Task<Sandbox> MakeAsync(SandboxSessionOptions kind) => client.CreateSandboxAsync(kind.Template, kind.Sandbox with { Timeout = kind.IdleTimeout });

    private static async Task KillAsync(Task<Sandbox> making)
    {
        try
        {
            await (await making).DisposeAsync();
        }
        catch (SandboxException)
        {
            // It was never made.
        }
    }
}

/// <summary>What a pool holds.</summary>
public sealed record AgentSandboxPoolOptions
{
    /// <summary>What kind of sandbox each conversation gets; default: the defaults of <see cref="AgentSandboxOptions"/>.</summary>
    public AgentSandboxOptions Sandbox { get; init; } = new();

    /// <summary>Most conversations at a time; default 100.</summary>
    public int MaxConversations { get; init; } = 100;

    /// <summary>
    /// Sandboxes kept ready for conversations that begin; default 0. They do not carry the label <c>conversation</c>, and end unused after
    /// the idle timeout.
    /// </summary>
    public int Ready { get; init; }
}
