namespace Moru.Evals;

/// <summary>Every way to the tools there is, by name.</summary>
internal static class AllFaces
{
    public static IReadOnlyList<string> Own { get; } = ["mcp", "meai", "sk"];

    public static IReadOnlyList<string> Names { get; } = [.. Own, "bash", .. Rival.All.Select(rival => rival.Name)];

    public static IFace Open(string name, EvalServer server) => name switch
    {
        "mcp" => new McpToolsFace(server.ApiUrl, server.ApiKey),
        "meai" => new ChatFace(server.Client),
        "sk" => new KernelFace(server.Client),
        "bash" => new BashFace(),
        _ => new RivalFace(Rival.All.Single(rival => rival.Name == name)),
    };
}
