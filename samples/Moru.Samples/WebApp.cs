namespace Moru.Samples;

/// <summary>All of it together: a template that serves what is in a volume, and a sandbox of it that is reached from outside.</summary>
internal static class WebApp
{
    private const string Alias = "sample-web-app";

    public static async Task RunAsync()
    {
        var template = Template.FromBaseImage()
            .SetWorkdir("/workspace")
            .SetStartCmd("python3 -m http.server 8000", ReadyCommand.Port(8000));
        await Template.BuildAsync(template, Alias, new() { CpuCount = 1, MemoryMB = 512 });
        var volume = await Volume.CreateAsync(Alias);
        try
        {
            await using var sandbox = await Sandbox.CreateAsync(Alias, new()
            {
                Timeout = TimeSpan.FromHours(1),
                VolumeId = volume.VolumeId,
                VolumeMountPath = "/workspace",
                Metadata = new Dictionary<string, string> { ["project"] = "demo" },
            });
            await sandbox.Files.WriteAsync("/workspace/index.html", "Hello from Moru!\n");

            Console.WriteLine($"The app is at https://{sandbox.GetHost(8000).Replace(sandbox.SandboxId, "ID", StringComparison.Ordinal)}");
            Console.Write((await sandbox.Commands.RunAsync("curl -s localhost:8000")).Stdout);
        }
        finally
        {
            await volume.DeleteAsync(); // left alone, it would keep the app for the next sandbox
            await Template.DeleteAsync(Alias);
        }
    }
}
