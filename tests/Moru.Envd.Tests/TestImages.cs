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

    /// <summary>The static busybox of Debian, fetched once with the package manager of the base image.</summary>
    private static async Task<string> BusyboxBinaryAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Artifacts.Root, "artifacts/tests")).FullName;
        var binary = Path.Combine(folder, "busybox");
        if (!File.Exists(binary))
        {
            const string Fetch = "cd /tmp && apt-get update -qq && apt-get download -qq busybox-static && dpkg-deb -x busybox-static_*.deb . && cp bin/busybox /out/";
            await Shell.RunAsync("docker", "run", "--rm", "--volume", $"{folder}:/out", "moru/base:latest", "sh", "-c", Fetch);
        }

        return binary;
    }
}
