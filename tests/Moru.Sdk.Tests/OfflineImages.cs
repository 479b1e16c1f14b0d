using System.IO.Compression;

namespace Moru.Sdk.Tests;

/// <summary>Stands in for Docker Hub and the Python package index, which tests do not ask: Debian's images and packages under the names that users write.</summary>
internal static class OfflineImages
{
    private static readonly Lazy<Task<string>> Index = new(MakeWheelAsync);

    /// <summary>Gives one of our images the name of an official one, until the result is disposed.</summary>
    public static async Task<IAsyncDisposable> NameAsync(string official, string ours)
    {
        var isThere = (await Shell.RunAsync("docker", "image", "ls", "--quiet", official)).Length > 0;
        if (!isThere) await Shell.RunAsync("docker", "tag", ours, official);
        return new Name(isThere ? null : official);
    }

    /// <summary>Puts a folder with a wheel of gunicorn into a directory.</summary>
    public static async Task CopyWheelsAsync(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var wheel in Directory.EnumerateFiles(await Index.Value)) File.Copy(wheel, Path.Combine(directory, Path.GetFileName(wheel)));
    }

    /// <summary>Turns Debian's package into a wheel: the same files in a zip, with the descriptions that pip wants.</summary>
    private static async Task<string> MakeWheelAsync()
    {
        var folder = Path.Combine(Artifacts.Root, "artifacts/tests/wheels");
        if (Directory.Exists(folder)) return folder;
        var work = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        using (var unpacked = new TemporaryDirectory())
        {
            await Shell.RunAsync("bash", "-c", $"cd {unpacked.Path} && apt-get download python3-gunicorn && dpkg -x *.deb .");
            var packages = Path.Combine(unpacked.Path, "usr/lib/python3/dist-packages");
            var version = Path.GetFileName(Directory.GetDirectories(packages, "gunicorn-*").Single()).Split('-', '.')[1..4];
            var name = $"gunicorn-{string.Join('.', version)}";
            await using var wheel = await ZipFile.OpenAsync(Path.Combine(work, $"{name}-py3-none-any.whl"), ZipArchiveMode.Create);
            var sources = Directory.GetFiles(Path.Combine(packages, "gunicorn"), "*.py", SearchOption.AllDirectories);
            foreach (var file in sources) await wheel.CreateEntryFromFileAsync(file, Path.GetRelativePath(packages, file));
            await AddAsync(wheel, $"{name}.dist-info/METADATA", $"Metadata-Version: 2.1\nName: gunicorn\nVersion: {string.Join('.', version)}\nRequires-Dist: setuptools\n");
            await AddAsync(wheel, $"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
            await AddAsync(wheel, $"{name}.dist-info/entry_points.txt", "[console_scripts]\ngunicorn = gunicorn.app.wsgiapp:run\n");
            await AddAsync(wheel, $"{name}.dist-info/RECORD", string.Concat(sources.Select(file => $"{Path.GetRelativePath(packages, file)},,\n")));
        }

        Directory.Move(work, folder);
        return folder;
    }

    private static async Task AddAsync(ZipArchive wheel, string name, string content)
    {
        await using var stream = await wheel.CreateEntry(name).OpenAsync();
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(content));
    }

    private sealed class Name(string? made) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (made is not null) await Shell.RunAsync("docker", "image", "rm", made);
        }
    }
}
