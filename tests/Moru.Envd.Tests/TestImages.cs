using System.Formats.Tar;

namespace Moru.Envd.Tests;

/// <summary>Images made of a tar archive in memory. They have no name, and who makes one removes it.</summary>
internal static class TestImages
{
    private const string Busybox = "/bin/busybox";

    private const string FetchBusybox = """
        apt-get update -qq
        apt-get download -qq busybox-static
        dpkg-deb -x busybox-static_*.deb .
        cp bin/busybox /out/
        """;

    private const string BuildMusl = """
        sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/*.sources
        apt-get update -qq
        apt-get install -qq --no-install-recommends musl-tools gcc libc6-dev make autoconf automake dpkg-dev
        apt-get source -qq dash
        cd dash-*/
        autoreconf -fi
        CC=musl-gcc ./configure
        make -j2
        cp src/dash /out/
        cp /lib/ld-musl-*.so.1 /out/
        """;

    private static readonly string[] Applets = ["cat", "echo", "env", "ls", "id", "sleep", "setsid", "stty", "true", "tty"];

    // One at a time: test classes run side by side, and some share what is built.
    private static readonly SemaphoreSlim Building = new(1);

    public static Task<string> BusyboxAsync() => ImportAsync(archive => AddBusyboxAsync(archive, [.. Applets, "sh"]));

    /// <summary>A root file system whose C library is musl: the loader, and a shell that is linked with it. The rest is busybox.</summary>
    public static Task<string> MuslAsync() => ImportAsync(async archive =>
    {
        await AddBusyboxAsync(archive, Applets);
        var files = Directory.GetFiles(await BuildAsync("musl", BuildMusl));
        foreach (var library in files.Where(file => Path.GetFileName(file).StartsWith("ld-musl-", StringComparison.Ordinal)))
            await archive.WriteEntryAsync(library, "lib/" + Path.GetFileName(library));
        await archive.WriteEntryAsync(files.Single(file => Path.GetFileName(file) == "dash"), "bin/sh");
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

    private static async Task AddBusyboxAsync(TarWriter archive, string[] applets)
    {
        foreach (var directory in (string[])["bin", "lib", "tmp"]) archive.WriteEntry(new PaxTarEntry(TarEntryType.Directory, directory + "/"));
        await archive.WriteEntryAsync(Path.Combine(await BuildAsync("static", FetchBusybox), "busybox"), "bin/busybox");
        foreach (var applet in applets) archive.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = Busybox });
    }

    /// <summary>What a script leaves in /out of the base image, from the packages of its distribution; made once.</summary>
    private static async Task<string> BuildAsync(string name, string script)
    {
        var folder = Path.Combine(Artifacts.Root, "artifacts/tests/images", name);
        await Building.WaitAsync();
        try
        {
            if (Directory.Exists(folder)) return folder;
            var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
            // The host's network, because a bridge need not have a way out.
            await Shell.RunAsync("docker", "run", "--rm", "--network", "host", "--workdir", "/tmp", "--volume", $"{work}:/out", "moru/base:latest", "sh", "-ec", script);
            Directory.Move(work, folder);
            return folder;
        }
        finally
        {
            Building.Release();
        }
    }
}
