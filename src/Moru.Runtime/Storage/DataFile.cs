namespace Moru.Runtime;

/// <summary>Small text files of a data directory.</summary>
public static class DataFile
{
    /// <summary>Writes a file that only its owner may read: a secret.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a file that only its owner may read, or makes one that is there such a file; SQLite gives what it puts beside it the same mode.</summary>
    public static void MakePrivate(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Private;
        new FileStream(file, options).Dispose();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, Private);
    }

    /// <summary>Puts a text in place of what the file held. Readers see the old or the new, never a part, and no moment with another mode.</summary>
    /// <param name="file">Where.</param>
    /// <param name="text">What, without the end of the last line.</param>
    /// <param name="mode">Who may read it; ignored on Windows.</param>
    public static void Write(string file, string text, UnixFileMode mode)
    {
        var unfinished = file + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var writer = new StreamWriter(new FileStream(unfinished, options))) writer.WriteLine(text);
        File.Move(unfinished, file, overwrite: true);
    }
}
