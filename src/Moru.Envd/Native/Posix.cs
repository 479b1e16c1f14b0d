using System.Runtime.InteropServices;

namespace Moru.Envd;

/// <summary>The libc calls that .NET has no words for. Struct layouts hold for 64-bit Linux, x64 and arm64.</summary>
internal static unsafe partial class Posix
{
    private const string Libc = "libc";

    public const int SigKill = 9, SigTerm = 15, SigStop = 19;
    public const int NoSuchProcess = 3, Interrupted = 4, NoSuchDevice = 6, TooBig = 7, NotExecutable = 8, NoChild = 10, Again = 11;
    public const int NoMemory = 12, NotPermitted = 1, NotFound = 2, AccessDenied = 13, Exists = 17, NotDirectory = 20, IsDirectory = 21;
    public const int TextBusy = 26, NoSpace = 28, ReadOnlyFilesystem = 30, NameTooLong = 36, TooManyLinks = 40, QuotaExceeded = 122;

    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, NoControllingTerminal = 0x100, Truncate = 0x200, NonBlocking = 0x800, CloseOnExec = 0x80000;
    public const int SetFlags = 4, DuplicateCloseOnExec = 1030, NoHang = 1;

    public const int DumpableOption = 4, ChildSubreaperOption = 36;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>Makes envd the parent of orphans even when it is not PID 1, its memory and environment unreadable, and file modes predictable.</summary>
    public static void BecomeInit()
    {
        ProcessControl(ChildSubreaperOption, 1, 0, 0, 0);
        ProcessControl(DumpableOption, 0, 0, 0, 0);
        SetFileModeMask(0b000_010_010);
    }

    [LibraryImport(Libc, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Libc, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport(Libc, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, byte* buffer, nint count);

    /// <returns>Number of bytes written; negative with the reason in <see cref="LastError"/>.</returns>
    public static int Write(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            nint count;
            do count = WriteAt(file, start, bytes.Length, offset);
            while (count < 0 && LastError == Interrupted);
            return (int)count;
        }
    }

    [LibraryImport(Libc, EntryPoint = "pwrite64", SetLastError = true)]
    private static partial nint WriteAt(Microsoft.Win32.SafeHandles.SafeFileHandle file, byte* bytes, nint count, long offset);

    [LibraryImport(Libc, EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport(Libc, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FileControl(int fd, int command, int argument);

    [LibraryImport(Libc, EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(int fd, uint uid, uint gid);

    [LibraryImport(Libc, EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(int fd, uint mode);

    [LibraryImport(Libc, EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport(Libc, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport(Libc, EntryPoint = "umask")]
    public static partial void SetFileModeMask(uint mask);

    [LibraryImport(Libc, EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* RealPath(string path, byte* resolved);

    [LibraryImport(Libc, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport(Libc, EntryPoint = "waitid", SetLastError = true)]
    public static partial int WaitId(int idType, int id, int* signalInfo, int options);

    [LibraryImport(Libc, EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport(Libc, EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(Libc, EntryPoint = "prlimit64", SetLastError = true)]
    public static partial int ResourceLimit(int pid, int resource, ulong* newLimits, ulong* oldLimits);

    [LibraryImport(Libc, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>A raw system call. libc's own set*id functions change every thread of the process; the raw calls change only this one.</summary>
    [LibraryImport(Libc, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SystemCall(nint number, nint a, nint b, nint c);
}
