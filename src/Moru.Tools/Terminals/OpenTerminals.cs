using System.Collections.Concurrent;

namespace Moru.Tools;

/// <summary>The terminals that a session has open. Thread-safe.</summary>
internal sealed class OpenTerminals : IAsyncDisposable
{
    private const int Capacity = 16;

    private readonly ConcurrentDictionary<(string Sandbox, int Pid), Terminal> terminals = new();
    private readonly SemaphoreSlim opening = new(1, 1);

    /// <exception cref="ToolException">There is no room for another; the message names one to end.</exception>
    public async Task<Terminal> OpenAsync(Sandbox sandbox, string? command, PtyOptions options, CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            await MakeRoomAsync(cancellationToken);
            var opened = await Terminal.OpenAsync(sandbox, command, options);
            return terminals[(sandbox.SandboxId, opened.Pid)] = opened;
        }
        finally
        {
            opening.Release();
        }
    }

    public Terminal? FindOrDefault(string sandboxId, int pid) => terminals.GetValueOrDefault((sandboxId, pid));

    public void Remove(string sandboxId, int pid) => terminals.TryRemove((sandboxId, pid), out _);

    /// <summary>Notes that a sandbox was paused: connections to it do not hold, even if they seem to.</summary>
    public void Cut(string sandboxId)
    {
        foreach (var (key, terminal) in terminals)
        {
            if (key.Sandbox == sandboxId) terminal.Stale();
        }
    }

    public IReadOnlyList<int> In(string sandboxId) => [.. terminals.Keys.Where(key => key.Sandbox == sandboxId).Select(key => key.Pid).Order()];

    /// <summary>Lets go of those of a sandbox that has ended.</summary>
    public async Task ForgetAsync(string sandboxId)
    {
        foreach (var pid in In(sandboxId))
        {
            if (terminals.TryRemove((sandboxId, pid), out var terminal)) await terminal.DisposeAsync();
        }
    }

    /// <summary>Lets go of them; they stay open in their sandboxes.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var terminal in terminals.Values) await terminal.DisposeAsync();
        terminals.Clear();
        opening.Dispose();
    }

    private async Task MakeRoomAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, old) in terminals)
        {
            var over = old.Closed || (old.Cut && await old.SandboxStateAsync(cancellationToken) is null);
            if (over && terminals.TryRemove(key, out _)) await old.DisposeAsync();
        }

        if (terminals.Count >= Capacity && terminals.Keys.Min() is var oldest)
            throw new ToolException($"{Capacity} terminals are open, which is the most. End one first, for example: {ToolCall.Write("kill_command", ("pid", oldest.Pid), ("sandbox_id", oldest.Sandbox))}");
    }
}
