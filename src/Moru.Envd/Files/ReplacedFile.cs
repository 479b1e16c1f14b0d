using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Moru.Envd;

/// <summary>
/// A file whose content is being replaced. Cutting it to nothing first would be an event of its own for those who watch it:
/// the new content is written over the old, and what is left of the old is cut off right after the first write.
/// </summary>
internal sealed class ReplacedFile(SafeFileHandle handle, string path, long oldLength) : IDisposable
{
    private long _oldLength = oldLength;
    private long _length;

    /// <summary>Makes <paramref name="content"/> the whole content.</summary>
    public void Replace(ReadOnlySpan<byte> content)
    {
        Append(content);
        Cut();
    }

    /// <summary>Writes behind what was written before.</summary>
    /// <exception cref="Moru.Protocol.ConnectException">The disk is full, or failed.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        for (var rest = bytes; rest.Length > 0;)
        {
            var count = Posix.Write(handle, rest, _length);
            if (count < 0)
            {
                var error = Posix.LastError;
                Cut();
                throw FileFailure.Of(error, path);
            }

            rest = rest[count..];
            _length += count;
        }

        Cut();
    }

    /// <summary>Takes away what is left of the old content.</summary>
    public void Cut()
    {
        if (_oldLength > _length && Posix.CutFile(handle, _length) < 0) throw FileFailure.Of(Posix.LastError, path);
        _oldLength = 0;
    }

    public void Dispose() => handle.Dispose();
}

internal static partial class Posix
{
    [LibraryImport(Libc, EntryPoint = "ftruncate64", SetLastError = true)]
    public static partial int CutFile(SafeFileHandle file, long length);
}
