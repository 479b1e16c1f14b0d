namespace Moru.Samples;

/// <summary>Reading, writing, listing and watching files.</summary>
internal static class Files
{
    public static async Task RunAsync()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        await sandbox.Files.MakeDirAsync("/tmp/data");
        await using var watch = await sandbox.Files.WatchDirAsync("/tmp/data");

        await sandbox.Files.WriteAsync("/tmp/data/text.txt", "content");
        await foreach (var change in watch.EventsAsync())
        {
            Console.WriteLine($"{change.Type}: {change.Name}");
            break;
        }

        await sandbox.Files.WriteFilesAsync([new("/tmp/data/one", "1"), new("/tmp/data/sub/two", new byte[] { 2 })]);
        foreach (var entry in await sandbox.Files.ListAsync("/tmp/data", depth: 2)) Console.WriteLine($"{entry.Permissions} {entry.Path}");

        // A stream holds no file in memory, however large it is.
        await sandbox.Commands.RunAsync("head -c 5000000 /dev/zero > /tmp/large");
        await using var large = await sandbox.Files.OpenReadAsync("/tmp/large");
        var (buffer, total) = (new byte[64 * 1024], 0L);
        for (int read; (read = await large.ReadAsync(buffer)) > 0;) total += read;
        Console.WriteLine($"{total} bytes streamed");
    }
}
