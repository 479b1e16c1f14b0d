namespace Moru.Samples;

/// <summary>Everything is async, so one program drives many sandboxes.</summary>
internal static class ManyAtOnce
{
    public static async Task RunAsync()
    {
        var squares = await Task.WhenAll(Enumerable.Range(1, 3).Select(SquareAsync));
        Console.WriteLine(string.Join(' ', squares));
    }

    private static async Task<string> SquareAsync(int number)
    {
        await using var sandbox = await Sandbox.CreateAsync();
        return (await sandbox.Commands.RunAsync($"echo $(({number} * {number}))")).Stdout.Trim();
    }
}
