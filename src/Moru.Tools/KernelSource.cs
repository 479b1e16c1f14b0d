namespace Moru.Tools;

/// <summary>The programs that we run in sandboxes, kept in this assembly.</summary>
internal static class KernelSource
{
    public static string Read(string name)
    {
        using var stream = typeof(KernelSource).Assembly.GetManifestResourceStream($"Moru.Tools.Kernels.{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
