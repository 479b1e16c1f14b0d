namespace Moru.Runtime;

/// <summary>The one failure of this library; <see cref="Error"/> says which. The message is fit for a client to see.</summary>
public sealed class RuntimeException(RuntimeError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public RuntimeError Error { get; } = error;
}

public enum RuntimeError
{
    SandboxNotFound,
    TemplateNotFound,
    VolumeNotFound,
    TeamNotFound,
    VolumeFileNotFound,

    /// <summary>The volume, or the disk that it is on, holds no more.</summary>
    VolumeFull,

    /// <summary>The server's own disk holds no more of what clients upload for builds.</summary>
    StorageFull,

    /// <summary>The server may not touch what is in the volume, or this machine cannot have volumes.</summary>
    VolumeUnusable,

    /// <summary>The template is known but the engine has no image for it.</summary>
    TemplateNotPrepared,
    InvalidArgument,

    /// <summary>The sandbox is in a phase that does not allow this.</summary>
    Conflict,
    LimitReached,

    /// <summary>The node was told to take no new sandboxes.</summary>
    Draining,

    /// <summary>The engine does not answer; the same call may work later.</summary>
    EngineUnavailable,

    /// <summary>The sandbox could not be started.</summary>
    StartFailed,

    /// <summary>Another process owns the data directory.</summary>
    DataDirectoryInUse,

    /// <summary>The store is damaged or was written by a newer version.</summary>
    StoreUnusable,

    /// <summary>An image could not be had from its registry.</summary>
    ImageUnavailable,

    BuildNotFound,
}
