namespace Moru.Samples;

/// <summary>An image of your own, with a server that runs when a sandbox is there.</summary>
internal static class Templates
{
    private const string Alias = "sample-template";

    public static async Task RunAsync()
    {
        var template = Template.FromBaseImage()
            .SetEnvs(new Dictionary<string, string> { ["GREETING"] = "hello from a template" })
            .SetWorkdir("/srv/www")
            .RunCmd("echo $GREETING > index.html")
            .SetStartCmd("python3 -m http.server 8000", ReadyCommand.Port(8000));

        try
        {
            await Template.BuildAsync(template, Alias, new() { CpuCount = 1, MemoryMB = 512, OnBuildLogs = entry => Console.WriteLine($"  {entry.Message}") });
            await using var sandbox = await Sandbox.CreateAsync(Alias);
            Console.Write((await sandbox.Commands.RunAsync("curl -s localhost:8000")).Stdout);

            await Template.BuildAsync(template.RunCmd("exit 3"), Alias);
        }
        catch (BuildException error)
        {
            Console.WriteLine($"failed as it should in {Path.GetFileName(error.SourceFile)}: {error.Message}");
        }
        finally
        {
            await Template.DeleteAsync(Alias);
        }
    }
}
