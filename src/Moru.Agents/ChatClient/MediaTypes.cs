namespace Moru.Agents;

/// <summary>Media types of the files that code makes most.</summary>
internal static class MediaTypes
{
    private static readonly Dictionary<string, string> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".csv"] = "text/csv",
        [".gif"] = "image/gif",
        [".html"] = "text/html",
        [".jpg"] = "image/jpeg",
        [".json"] = "application/json",
        [".md"] = "text/markdown",
        [".pdf"] = "application/pdf",
        [".png"] = "image/png",
        [".py"] = "text/x-python",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain",
        [".xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [".zip"] = "application/zip",
    };

    public static string Of(string path) => ByExtension.GetValueOrDefault(Path.GetExtension(path), "application/octet-stream");

    public static string ExtensionOf(string mediaType) => ByExtension.FirstOrDefault(pair => pair.Value == mediaType).Key ?? "";
}
