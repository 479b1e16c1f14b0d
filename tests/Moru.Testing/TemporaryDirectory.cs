namespace Moru.Testing;

/// <summary>A directory that is removed with all its content.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its absolute path; short, since sockets in it must fit into 107 bytes.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("moru-").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
