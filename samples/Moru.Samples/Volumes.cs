using System.Text;

namespace Moru.Samples;

/// <summary>A directory that outlives sandboxes.</summary>
internal static class Volumes
{
    public static async Task RunAsync()
    {
        var volume = await Volume.CreateAsync("sample-volume");
        try
        {
            await volume.UploadAsync("/input.txt", "from outside");
            await using (var sandbox = await Sandbox.CreateAsync(options: new() { VolumeId = volume.VolumeId, VolumeMountPath = "/workspace" }))
                await sandbox.Commands.RunAsync("tr a-z A-Z < /workspace/input.txt > /workspace/output.txt");

            // The sandbox is gone, its work is not.
            await foreach (var file in volume.ListFilesAsync("/")) Console.WriteLine($"{file.Path}: {file.Size} bytes");
            Console.WriteLine(Encoding.UTF8.GetString(await volume.DownloadAsync("/output.txt")));
        }
        finally
        {
            await volume.DeleteAsync();
        }
    }
}
