using System.Collections.Concurrent;

namespace Moru.Tools;

/// <summary>The terminals that a session has open. Thread-safe.</summary>
internal sealed class OpenTerminals : IAsyncDisposable
{
    private const int Capacity = 16;

    private readonly ConcurrentDictionary<(string Sandbox, int Pid), Terminal> terminals = new();

    /// <exception cref="ToolException">There is no room for another; the message names one to end.</exception>
    public async Task MakeRoomAsync()
    {
        foreach (var (key, old) in terminals)
        {
            if (old.Closed && terminals.TryRemove(key, out _)) await old.DisposeAsync();
        }

        if (terminals.Count >= Capacity && terminals.Keys.Min() is var oldest)
            throw new ToolException($"{Capacity} terminals are open, which is the most. End one first, for example: {ToolCall.Write("kill_command", ("pid", oldest.Pid), ("sandbox_id", oldest.Sandbox))}");
    }

    public void Add(string sandboxId, Terminal terminal) => terminals[(sandboxId, terminal.Pid)] = terminal;

    public Terminal? FindOrDefault(string sandboxId, int pid) => terminals.GetValueOrDefault((sandboxId, pid));

    public void Remove(string sandboxId, int pid) => terminals.TryRemove((sandboxId, pid), out _);

    public IReadOnlyList<int> In(string sandboxId) => [.. terminals.Keys.Where(key => key.Sandbox == sandboxId).Select(key => key.Pid).Order()];

    /// <summary>Lets go of them; they stay open in their sandboxes.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var terminal in terminals.Values) await terminal.DisposeAsync();
        terminals.Clear();
    }
}
