using ModelContextProtocol.Protocol;

namespace Moru.Mcp;

/// <summary>
/// Small drawings for clients that show them, inside the answer itself, since nothing here has an address that every client reaches. Tools
/// have none: they would cost the model's budget, as many clients hand their list over whole.
/// </summary>
internal static class McpIcons
{
    public static IList<Icon> Box { get; } = Draw("M12 2 3 7v10l9 5 9-5V7zM3 7l9 5 9-5M12 12v10");

    public static IList<Icon> File { get; } = Draw("M6 2h8l5 5v15H6zM14 2v5h5");

    public static IList<Icon> Terminal { get; } = Draw("M3 4h18v16H3zM7 9l3 3-3 3M13 15h4");

    public static IList<Icon> Chart { get; } = Draw("M4 20V4M4 20h16M8 16v-5M13 16V7M18 16v-8");

    public static IList<Icon> Layers { get; } = Draw("m12 3 9 5-9 5-9-5zM3 12l9 5 9-5M3 16l9 5 9-5");

    public static IList<Icon> Disk { get; } = Draw("M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0");

    public static IList<Icon> Prompt { get; } = Draw("M4 4h16v12H9l-5 5z");

    // The grey is legible on light and dark.
    private static Icon[] Draw(string path) =>
    [
        new()
        {
            Source = $"data:image/svg+xml,{Uri.EscapeDataString($"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#888' stroke-width='2'><path d='{path}'/></svg>")}",
            MimeType = "image/svg+xml",
            Sizes = ["any"],
        },
    ];
}
