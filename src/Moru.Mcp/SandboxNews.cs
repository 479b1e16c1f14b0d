namespace Moru.Mcp;

/// <summary>Tells the connections of one owner, whatever sessions they work in, that there is another sandbox or one less.</summary>
internal sealed class SandboxNews
{
    /// <summary>Comes with the id of the HTTP session that made the change, and was told so in its call; null: it has none.</summary>
    public event Action<string?>? Changed;

    public void Tell(string? teller) => Changed?.Invoke(teller);
}
