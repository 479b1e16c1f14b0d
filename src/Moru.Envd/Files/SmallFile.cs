using System.Text;

namespace Moru.Envd;

/// <summary>Reads small text files of the system, which the sandbox's root may have replaced by anything.</summary>
internal static class SmallFile
{
    /// <returns>The text; empty when there is no such regular file, it cannot be read, or it is larger than <paramref name="maxBytes"/>.</returns>
    public static unsafe string ReadOrEmpty(string path, int maxBytes)
    {
        // A pipe in the place of the file must not block us.
        var fd = Posix.Open(path, Posix.ReadOnly | Posix.CloseOnExec | Posix.NonBlocking | Posix.NoControllingTerminal, 0);
        if (fd < 0) return "";
        try
        {
            if (FileStatus.Of(fd) is not { IsRegular: true }) return "";

            var text = new MemoryStream();
            var buffer = stackalloc byte[4096];
            while (text.Length <= maxBytes)
            {
                var count = Posix.Read(fd, buffer, 4096);
                if (count <= 0) return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
                text.Write(new ReadOnlySpan<byte>(buffer, (int)count));
            }

            return "";
        }
        finally
        {
            Posix.Close(fd);
        }
    }
}
