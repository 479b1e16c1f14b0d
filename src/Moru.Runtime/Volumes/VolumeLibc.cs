using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Moru.Runtime;

/// <summary>
/// The calls of libc that reach a file by an open directory and one name, for which .NET has no words. Layouts hold for 64-bit Linux.
/// </summary>
internal static unsafe partial class VolumeLibc
{
    public const int NotPermitted = 1, NotFound = 2, WouldBlock = 11, AccessDenied = 13, Exists = 17, CrossDevice = 18, NotDirectory = 20, IsDirectory = 21;
    public const int NoSpace = 28, NameTooLong = 36, NotEmpty = 39, Loop = 40, QuotaExceeded = 122;

    public const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;
    public const int CurrentDirectory = -100, RemoveDirectory = 0x200, NoFollowStatus = 0x100, EmptyPath = 0x1000;
    public const uint BasicStatus = 0x7FF, BeginToWrite = 2;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly int DirectoryOnly = Arm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    public static int LastError => Marshal.GetLastPInvokeError();

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Status
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public long Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;

        public readonly bool IsDirectory => (Mode & 0xF000) == 0x4000;

        public readonly bool IsRegular => (Mode & 0xF000) == 0x8000;

        public readonly bool IsLink => (Mode & 0xF000) == 0xA000;

        public readonly DateTimeOffset ModifiedAt
        {
            get
            {
                // A file may carry any 64-bit second; a date of .NET ends with the year 9999.
                var seconds = Math.Clamp(ModifiedSeconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1);
                return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(ModifiedNanoseconds / 100);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle directory, byte* name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectoryAt(SafeFileHandle directory, byte* name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(SafeFileHandle directory, byte* name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int RenameAt(SafeFileHandle from, byte* name, SafeFileHandle to, byte* newName);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int StatusAt(SafeFileHandle directory, byte* name, int flags, uint mask, Status* status);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    public static partial nint ReadEntries(SafeFileHandle directory, byte* buffer, nint size);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(SafeFileHandle file, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncRange(SafeFileHandle file, long offset, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();
}
