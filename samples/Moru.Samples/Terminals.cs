using System.Text;

namespace Moru.Samples;

/// <summary>Programs that want a terminal.</summary>
internal static class Terminals
{
    public static async Task RunAsync()
    {
        await using var sandbox = await Sandbox.CreateAsync();
        var shown = new StringBuilder();

        await using var python = await sandbox.Pty.StartAsync("python3", new()
        {
            Cols = 80,
            Rows = 24,
            OnData = data => shown.Append(Encoding.UTF8.GetString(data.Span)),
        });
        await python.ResizeAsync(120, 40);
        await python.SendInputAsync("import os; print(os.get_terminal_size().columns)\nexit()\n");
        var exitCode = await python.WaitAsync();

        Console.WriteLine($"python saw 120 columns: {shown.ToString().Contains("120", StringComparison.Ordinal)}, and ended with {exitCode}");
    }
}
