namespace Moru.Samples;

/// <summary>A sandbox, a command, a file.</summary>
internal static class QuickStart
{
    public static async Task RunAsync()
    {
        await using var sandbox = await Sandbox.CreateAsync(); // disposing kills it

        var result = await sandbox.Commands.RunAsync("echo 'Hello'");
        Console.Write(result.Stdout);

        await sandbox.Files.WriteAsync("/tmp/test.txt", "Hello from a file");
        Console.WriteLine(await sandbox.Files.ReadTextAsync("/tmp/test.txt"));
    }
}
