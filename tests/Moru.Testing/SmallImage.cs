namespace Moru.Testing;

/// <summary>A root file system of 4 MB in a tar archive: bash and busybox of the distribution, and what a template's base needs to have.</summary>
internal static class SmallImage
{
    // The user is there already, with the rights that builds give it: busybox of Debian has no programs for that.
    private const string Make =
        """
        apt-get download -qq bash-static busybox-static
        mkdir root
        for package in *.deb; do dpkg -x $package root; done
        cd root
        mkdir -p etc home/user root tmp usr/local
        rm -r usr/share
        mv bin/bash-static bin/bash
        for applet in $(bin/busybox --list); do [ -e bin/$applet ] || ln -s busybox bin/$applet; done
        printf 'root:x:0:0::/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n' >etc/passwd
        printf 'root:x:0:\nsudo:x:27:user\nuser:x:1000:\n' >etc/group
        printf '#!/bin/sh\n' >bin/usermod
        chmod +x bin/usermod
        chown 1000:1000 home/user
        chmod 1777 tmp
        tar -cf ../image.tar .
        """;

    private static readonly Lazy<Task<string>> Archive = new(MakeAsync);

    /// <summary>Path of the archive, which <c>docker import</c> takes.</summary>
    public static Task<string> PathAsync() => Archive.Value;

    private static async Task<string> MakeAsync()
    {
        var archive = Path.Combine(Artifacts.Root, "artifacts/tests/images/small.tar");
        if (File.Exists(archive)) return archive;
        using var work = new TemporaryDirectory();
        await Shell.RunAsync("bash", "-ec", $"cd {work.Path}\n{Make}");
        Directory.CreateDirectory(Path.GetDirectoryName(archive)!);
        var copy = $"{archive}.{Environment.ProcessId}";
        File.Copy(Path.Combine(work.Path, "image.tar"), copy);
        File.Move(copy, archive, overwrite: true);
        return archive;
    }
}
