using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>What the kernel knows about a file, from <c>statx</c>: its layout is the same on every architecture.</summary>
internal readonly record struct FileStatus(uint Mode, uint Uid, uint Gid, long Size, DateTimeOffset ModifiedTime, ulong Inode)
{
    private const uint TypeMask = 0xF000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsSymbolicLink => (Mode & TypeMask) == 0xA000;

    public bool IsExecutable => (Mode & 0b001_001_001) != 0;

    /// <summary>The status of <paramref name="path"/>, or null with the reason in <see cref="Posix.LastError"/>.</summary>
    public static FileStatus? Of(string path) => Posix.Status(Posix.CurrentDirectory, path, 0);

    /// <summary>Like <see cref="Of(string)"/>, of the link itself when the path names a symbolic link.</summary>
    public static FileStatus? OfLink(string path) => Posix.Status(Posix.CurrentDirectory, path, Posix.NoFollow);

    public static FileStatus? Of(int fd) => Posix.Status(fd, "", Posix.EmptyPath);
}

internal static unsafe partial class Posix
{
    public const int CurrentDirectory = -100, NoFollow = 0x100, EmptyPath = 0x1000;
    private const uint BasicStatus = 0x7FF;

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
    }

    [LibraryImport(Libc, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ReadStatus(int directory, string path, int flags, uint mask, StatX* status);

    public static FileStatus? Status(int directory, string path, int flags)
    {
        StatX raw;
        if (ReadStatus(directory, path, flags, BasicStatus, &raw) < 0) return null;
        // A file system may hold any 64-bit second; a date of .NET ends with the year 9999.
        var seconds = Math.Clamp(raw.ModifiedSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1);
        var modified = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(raw.ModifiedNanoseconds / 100);
        return new FileStatus(raw.Mode, raw.Uid, raw.Gid, (long)raw.Size, modified, raw.Inode);
    }
}
