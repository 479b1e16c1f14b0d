using System.Text.Json.Serialization;

namespace Moru.Protocol;

/// <summary>Kinds of change in a watched directory.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventType>))]
public enum EventType
{
    /// <summary>Not set.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_UNSPECIFIED")]
    Unspecified = 0,

    /// <summary>An entry appeared, made or moved here.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_CREATE")]
    Create = 1,

    /// <summary>A file's content changed.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_WRITE")]
    Write = 2,

    /// <summary>An entry was removed.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_REMOVE")]
    Remove = 3,

    /// <summary>An entry was moved away from this name.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_RENAME")]
    Rename = 4,

    /// <summary>Permissions, owner or times changed.</summary>
    [JsonStringEnumMemberName("EVENT_TYPE_CHMOD")]
    Chmod = 5,
}

/// <summary>One change in a watched directory.</summary>
/// <param name="Name">Path relative to the watched directory.</param>
/// <param name="Type">What happened.</param>
public sealed record FilesystemEvent(string Name, EventType Type);

/// <summary>Request of <c>filesystem.Filesystem/WatchDir</c>.</summary>
/// <param name="Path">Directory to watch.</param>
/// <param name="Recursive">Whether everything below it is watched too.</param>
public sealed record WatchDirRequest(string Path, bool Recursive = false);

/// <summary>One message of a <c>WatchDir</c> stream; exactly one member is set.</summary>
public sealed record WatchDirResponse
{
    /// <summary>First message: changes from now on are seen.</summary>
    public WatchStarted? Start { get; init; }

    /// <summary>Something changed.</summary>
    public FilesystemEvent? Filesystem { get; init; }

    /// <summary>Nothing happened for a while.</summary>
    public Keepalive? Keepalive { get; init; }
}

/// <summary>A directory is watched.</summary>
public sealed record WatchStarted;

/// <summary>Request of <c>filesystem.Filesystem/CreateWatcher</c>.</summary>
/// <param name="Path">Directory to watch.</param>
/// <param name="Recursive">Whether everything below it is watched too.</param>
public sealed record CreateWatcherRequest(string Path, bool Recursive = false);

/// <summary>Answer of <c>filesystem.Filesystem/CreateWatcher</c>.</summary>
/// <param name="WatcherId">Name of the watcher in later calls.</param>
public sealed record CreateWatcherResponse(string WatcherId);

/// <summary>Request of <c>filesystem.Filesystem/GetWatcherEvents</c>.</summary>
/// <param name="WatcherId">Which watcher.</param>
public sealed record GetWatcherEventsRequest(string WatcherId);

/// <summary>Answer of <c>filesystem.Filesystem/GetWatcherEvents</c>.</summary>
/// <param name="Events">What changed since the last call, in order.</param>
public sealed record GetWatcherEventsResponse(IReadOnlyList<FilesystemEvent>? Events = null);

/// <summary>Request of <c>filesystem.Filesystem/RemoveWatcher</c>.</summary>
/// <param name="WatcherId">Which watcher.</param>
public sealed record RemoveWatcherRequest(string WatcherId);
