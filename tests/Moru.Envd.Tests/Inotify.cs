using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Moru.Envd.Tests;

/// <summary>What the kernel tells a watcher of a directory, in the words of the contract.</summary>
internal sealed partial class Inotify : IDisposable
{
    private const int NonBlocking = 0x800, HeaderLength = 16;
    private const uint Modify = 0x2, Attributes = 0x4, Create = 0x100, Interesting = Modify | Attributes | Create;

    private readonly SafeFileHandle _handle;

    public Inotify(string directory)
    {
        _handle = new SafeFileHandle(Initialize(NonBlocking), ownsHandle: true);
        Assert.True(Add((int)_handle.DangerousGetHandle(), directory, Interesting) >= 0);
    }

    /// <summary>Everything since the last call.</summary>
    public IReadOnlyList<string> Take()
    {
        var buffer = new byte[1 << 16];
        var count = (int)Read((int)_handle.DangerousGetHandle(), buffer, buffer.Length);
        var events = new List<string>();
        for (var at = 0; at < count; at += HeaderLength + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at + 12)))
        {
            events.Add((BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at + 4)) & Interesting) switch
            {
                Create => "CREATE",
                Attributes => "CHMOD",
                _ => "WRITE",
            });
        }

        return events;
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1")]
    private static partial int Initialize(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Add(int fd, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int fd, byte[] buffer, nint count);
}
