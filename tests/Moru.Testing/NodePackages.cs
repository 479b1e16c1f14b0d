using System.Security.Cryptography;

namespace Moru.Testing;

/// <summary>Packages of npm, installed once for each lock file.</summary>
public static class NodePackages
{
    // Classes that run side by side need the same packages.
    private static readonly SemaphoreSlim Gate = new(1);

    /// <summary>Installs what a folder's lock file names, and puts its programs beside that, where Node looks for packages.</summary>
    /// <param name="source">The folder, from the root of the repository.</param>
    /// <param name="name">Name of the installation, which tests of several projects may share.</param>
    /// <param name="programs">Files of the folder.</param>
    /// <returns>Where the programs are.</returns>
    public static async Task<string> InstallAsync(string source, string name, params string[] programs)
    {
        source = Path.Combine(Artifacts.Root, source);
        var locked = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"))))[..16];
        var folder = await OnceAsync(Path.Combine(name, locked), async work =>
        {
            foreach (var file in (string[])["package.json", "package-lock.json"]) File.Copy(Path.Combine(source, file), Path.Combine(work, file));
            await Shell.RunAsync("npm", "ci", "--prefix", work, "--ignore-scripts", "--no-audit", "--no-fund");
        });

        foreach (var program in programs) File.Copy(Path.Combine(source, program), Path.Combine(folder, program), overwrite: true);
        return folder;
    }

    /// <summary>Takes a file out of a package without what that depends on, of which an application may have hundreds of packages.</summary>
    /// <param name="package">Its name and version.</param>
    /// <param name="integrity">Its SHA-512, as a lock file says it.</param>
    /// <param name="file">The file, from the root of the package.</param>
    /// <returns>Where the file is.</returns>
    public static async Task<string> FileAsync(string package, string integrity, string file)
    {
        var folder = await OnceAsync(package, async work =>
        {
            var archive = Path.Combine(work, await Shell.RunAsync("npm", "pack", package, "--pack-destination", work, "--silent"));
            var content = await File.ReadAllBytesAsync(archive);
            if ("sha512-" + Convert.ToBase64String(SHA512.HashData(content)) != integrity) throw new InvalidDataException($"{package} is not the one that the tests were written with.");
            await Shell.RunAsync(content, "tar", "--extract", "--gzip", "--directory", work, "--strip-components=1", "package/" + file);
            File.Delete(archive);
        });
        return Path.Combine(folder, file);
    }

    private static async Task<string> OnceAsync(string name, Func<string, Task> fillAsync)
    {
        var folder = Path.Combine(Artifacts.Root, "artifacts/tests", name);
        await Gate.WaitAsync();
        try
        {
            if (!Directory.Exists(folder))
            {
                // Complete or not there: an installation that was interrupted is not taken for one.
                var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
                await fillAsync(work);
                Directory.Move(work, folder);
            }
        }
        finally
        {
            Gate.Release();
        }

        return folder;
    }
}
