using Moru.Protocol;

namespace Moru;

/// <summary>One change in a watched directory.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Name">Path of the entry, relative to the watched directory.</param>
public sealed record FilesystemEvent(FilesystemEventType Type, string Name)
{
    internal static FilesystemEvent From(Protocol.FilesystemEvent wire) => new(
        wire.Type switch
        {
            EventType.Create => FilesystemEventType.Create,
            EventType.Write => FilesystemEventType.Write,
            EventType.Remove => FilesystemEventType.Remove,
            EventType.Rename => FilesystemEventType.Rename,
            EventType.Chmod => FilesystemEventType.Chmod,
            _ => FilesystemEventType.Unknown,
        },
        wire.Name);
}

/// <summary>Kinds of change in a watched directory.</summary>
public enum FilesystemEventType
{
    /// <summary>A kind that this library does not know.</summary>
    Unknown,

    /// <summary>An entry appeared, made or moved here.</summary>
    Create,

    /// <summary>A file's content changed.</summary>
    Write,

    /// <summary>An entry was removed.</summary>
    Remove,

    /// <summary>An entry was moved away from this name.</summary>
    Rename,

    /// <summary>Permissions, owner or times changed.</summary>
    Chmod,
}

/// <summary>How to watch a directory.</summary>
public sealed record WatchOptions
{
    /// <summary>Whether everything below the directory is watched too; default false.</summary>
    public bool Recursive { get; init; }

    /// <summary>User whose home relative paths start from; default: the template's user.</summary>
    public string? User { get; init; }

    /// <summary>Called with each change, in order; the next one waits for it to return. Default none.</summary>
    public Action<FilesystemEvent>? OnEvent { get; init; }

    /// <summary>Called once when watching ends, with the reason when it was not asked for; only together with <see cref="OnEvent"/>. Default none.</summary>
    public Action<SandboxException?>? OnExit { get; init; }
}
