namespace Moru.Runtime;

/// <summary>Where on this host a volume is. Sandboxes see <see cref="Files"/> and nothing beside it.</summary>
/// <param name="Root">Its directory.</param>
/// <param name="IsImage">Whether the kernel keeps it to its size.</param>
internal sealed record VolumePlace(string Root, bool IsImage)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const uint DefaultUser = 1000;

    public string Files => Path.Combine(Root, "files");

    public string Uploads => Path.Combine(Root, "uploads");

    public string Trash => Path.Combine(Root, "trash");

    /// <summary>Makes what is missing, and removes what an earlier server did not finish.</summary>
    public void Prepare()
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (var hidden in new[] { Uploads, Trash })
        {
            Directory.CreateDirectory(hidden, OwnerOnly);
            using var left = VolumeDirectory.Open(hidden);
            VolumeTree.Empty(left);
        }

        if (Directory.Exists(Files)) return;
        // Given away before it has its name, so that a crash in between leaves no directory of the wrong owner.
        var unfinished = Files + ".new";
        Directory.CreateDirectory(unfinished, OwnerOnly);
        using (var files = VolumeDirectory.Open(unfinished)) files.GiveAway(DefaultUser);
        Directory.Move(unfinished, Files);
    }
}
