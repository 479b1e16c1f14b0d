namespace Moru.Tools;

/// <summary>Handles of sandboxes used lately, so that a call on one costs no connect. Full, it lets go of the one unused for longest.</summary>
internal sealed class SandboxHandles
{
    private const int Capacity = 64;

    private readonly Lock guard = new();
    private readonly Dictionary<string, (Sandbox Sandbox, long LastUse)> byId = [];
    private long uses;

    public Sandbox? Find(string sandboxId)
    {
        lock (guard)
        {
            if (!byId.TryGetValue(sandboxId, out var entry)) return null;
            byId[sandboxId] = (entry.Sandbox, ++uses);
            return entry.Sandbox;
        }
    }

    public void Add(Sandbox sandbox)
    {
        lock (guard)
        {
            if (byId.Count >= Capacity) byId.Remove(byId.MinBy(pair => pair.Value.LastUse).Key);
            byId[sandbox.SandboxId] = (sandbox, ++uses);
        }
    }

    public void Remove(string sandboxId)
    {
        lock (guard) byId.Remove(sandboxId);
    }
}
