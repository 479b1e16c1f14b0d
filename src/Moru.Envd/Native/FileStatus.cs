using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>Times of a file to the nanosecond, laid out as the two <c>timespec</c>s of <c>utimensat</c>.</summary>
internal readonly record struct FileTimes(long AccessSeconds, long AccessNanoseconds, long ModifiedSeconds, long ModifiedNanoseconds);

/// <summary>Which file it is, whatever its name.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);

/// <summary>What the kernel knows about a file, from <c>statx</c>: its layout is the same on every architecture.</summary>
internal readonly record struct FileStatus(uint Mode, uint Uid, uint Gid, long Size, FileTimes Times, FileIdentity Identity, ulong SpecialDevice)
{
    private const uint TypeMask = 0xF000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsSymbolicLink => (Mode & TypeMask) == 0xA000;

    public bool IsExecutable => (Mode & 0b001_001_001) != 0;

    public DateTimeOffset ModifiedTime
    {
        get
        {
            // A file system may hold any 64-bit second; a date of .NET ends with the year 9999.
            var seconds = Math.Clamp(Times.ModifiedSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1);
            return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(Times.ModifiedNanoseconds / 100);
        }
    }

    /// <summary>The status of <paramref name="path"/>, or null with the reason in <see cref="Posix.LastError"/>.</summary>
    public static FileStatus? Of(string path) => Of(Posix.CurrentDirectory, EntryName.Of(path), 0);

    /// <summary>Like <see cref="Of(string)"/>, of the link itself when the path names a symbolic link.</summary>
    public static FileStatus? OfLink(string path) => Of(Posix.CurrentDirectory, EntryName.Of(path), Posix.NoFollow);

    public static FileStatus? Of(int fd) => Of(fd, EntryName.Of(""), Posix.EmptyPath);

    public static FileStatus? Of(int directory, EntryName name, int flags) => Posix.Status(directory, name, flags);
}

internal static unsafe partial class Posix
{
    public const int CurrentDirectory = -100, NoFollow = 0x100, EmptyPath = 0x1000;
    public const int DeviceBusy = 16, CrossDevice = 18, InvalidValue = 22, NotEmpty = 39;
    private const uint BasicStatus = 0x7FF;

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatX
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(64)] public long AccessSeconds;
        [FieldOffset(72)] public uint AccessNanoseconds;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(128)] public uint SpecialMajor;
        [FieldOffset(132)] public uint SpecialMinor;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [LibraryImport(Libc, EntryPoint = "statx", SetLastError = true)]
    private static partial int ReadStatus(int directory, byte* path, int flags, uint mask, StatX* status);

    public static FileStatus? Status(int directory, EntryName name, int flags)
    {
        StatX raw;
        fixed (byte* path = name.Terminated)
        {
            if (ReadStatus(directory, path, flags, BasicStatus, &raw) < 0) return null;
        }

        return new FileStatus(
            raw.Mode,
            raw.Uid,
            raw.Gid,
            (long)raw.Size,
            new FileTimes(raw.AccessSeconds, raw.AccessNanoseconds, raw.ModifiedSeconds, raw.ModifiedNanoseconds),
            new FileIdentity(DeviceNumber(raw.DeviceMajor, raw.DeviceMinor), raw.Inode),
            DeviceNumber(raw.SpecialMajor, raw.SpecialMinor));
    }

    // libc's makedev.
    private static ulong DeviceNumber(ulong major, ulong minor) =>
        ((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
}
