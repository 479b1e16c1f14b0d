using System.Text;

namespace Moru.Envd;

/// <summary>Reads small text files of the system, which the sandbox's root may have replaced by anything.</summary>
internal static class SmallFile
{
    /// <returns>The text; empty when there is no such regular file, it cannot be read, or it is larger than <paramref name="maxBytes"/>.</returns>
    public static string ReadOrEmpty(string path, int maxBytes) => ReadOrDefault(path, maxBytes) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    /// <returns>The bytes; null when there is no such regular file, it cannot be read, or it is larger than <paramref name="maxBytes"/>.</returns>
    public static unsafe byte[]? ReadOrDefault(string path, int maxBytes)
    {
        // A pipe in the place of the file must not block us.
        var fd = Posix.Open(path, Posix.ReadOnly | Posix.CloseOnExec | Posix.NonBlocking | Posix.NoControllingTerminal, 0);
        if (fd < 0) return null;
        try
        {
            if (FileStatus.Of(fd) is not { IsRegular: true }) return null;

            var content = new MemoryStream();
            var buffer = stackalloc byte[4096];
            while (content.Length <= maxBytes)
            {
                var count = Posix.Read(fd, buffer, 4096);
                if (count < 0) return null;
                if (count == 0) return content.ToArray();
                content.Write(new ReadOnlySpan<byte>(buffer, (int)count));
            }

            return null;
        }
        finally
        {
            Posix.Close(fd);
        }
    }
}
