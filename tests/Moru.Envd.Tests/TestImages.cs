using System.Formats.Tar;

namespace Moru.Envd.Tests;

/// <summary>Images made of a tar archive in memory. They have no name, and who makes one removes it.</summary>
internal static class TestImages
{
    private const string Busybox = "/bin/busybox";

    public static Task<string> BusyboxAsync() => ImportAsync(async archive =>
    {
        foreach (var directory in (string[])["bin", "tmp"]) archive.WriteEntry(new PaxTarEntry(TarEntryType.Directory, directory + "/"));
        await archive.WriteEntryAsync(await BusyboxBinaryAsync(), "bin/busybox");
        foreach (var applet in (string[])["sh", "cat", "echo", "ls", "id", "sleep", "setsid", "nohup", "true"])
            archive.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = Busybox });
    });

    public static Task<string> EmptyAsync() => ImportAsync(archive =>
    {
        archive.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "tmp/"));
        return Task.CompletedTask;
    });

    public static Task RemoveAsync(string image) => Shell.RunAsync("docker", "rmi", image);

    private static async Task<string> ImportAsync(Func<TarWriter, Task> fill)
    {
        using var stream = new MemoryStream();
        await using (var archive = new TarWriter(stream, leaveOpen: true)) await fill(archive);
        return await Shell.RunAsync(stream.ToArray(), "docker", "import", "-");
    }

    /// <summary>The static busybox of Debian, from the machine or from its package.</summary>
    private static async Task<string> BusyboxBinaryAsync()
    {
        var found = await Shell.RunAsync("sh", "-c", "for f in /bin/busybox /usr/bin/busybox; do [ -x $f ] && ! ldd $f >/dev/null 2>&1 && echo $f && break; done; true");
        if (found.Length > 0) return found;
        var cache = Path.Combine(Path.GetTempPath(), "moru-test-busybox");
        Directory.CreateDirectory(cache);
        var binary = Path.Combine(cache, "bin/busybox");
        if (!File.Exists(binary))
            await Shell.RunAsync("sh", "-c", $"cd {cache} && apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb . && {{ [ -e bin/busybox ] || {{ mkdir -p bin && cp usr/bin/busybox bin/; }}; }}");
        return binary;
    }
}
