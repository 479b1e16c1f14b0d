using System.Text;
using Moru.Protocol;

namespace Moru;

/// <summary>One file to write.</summary>
public sealed class WriteEntry
{
    private readonly Func<HttpContent> content;

    /// <summary>UTF-8 text for a file.</summary>
    public WriteEntry(string path, string data)
        : this(path, () => new ByteArrayContent(Encoding.UTF8.GetBytes(data))) => ArgumentNullException.ThrowIfNull(data);

    /// <summary>Bytes for a file.</summary>
    public WriteEntry(string path, ReadOnlyMemory<byte> data)
        : this(path, () => new ReadOnlyMemoryContent(data))
    {
    }

    /// <summary>All that a stream yields, for a file. Writing disposes the stream.</summary>
    public WriteEntry(string path, Stream data)
        : this(path, () => new StreamContent(data)) => ArgumentNullException.ThrowIfNull(data);

    private WriteEntry(string path, Func<HttpContent> content)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        this.content = content;
    }

    /// <summary>Path of the file.</summary>
    public string Path { get; }

    internal HttpContent Content() => content();
}

/// <summary>A file that was written.</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="Path">Absolute path.</param>
/// <param name="Type">A file.</param>
public sealed record WriteInfo(string Name, string Path, FileType Type)
{
    internal static WriteInfo From(WrittenFile wire) => new(wire.Name, wire.Path, FileType.File);
}
