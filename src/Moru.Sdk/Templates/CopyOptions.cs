namespace Moru;

/// <summary>How files are copied into a template.</summary>
public sealed record CopyOptions
{
    /// <summary>Owner, as <c>user</c> or <c>user:group</c>; default: the user that steps run as.</summary>
    public string? User { get; init; }

    /// <summary>Permissions of everything copied; default: as they are.</summary>
    public UnixFileMode? Mode { get; init; }

    /// <summary>Whether files are uploaded and the step is run even when both were done before; default false.</summary>
    public bool ForceUpload { get; init; }

    /// <summary>Whether what symbolic links lead to is copied in their place; default false: the links themselves.</summary>
    public bool ResolveSymlinks { get; init; }
}
