namespace Moru.Samples;

/// <summary>The life of a sandbox: made with labels, found by them, extended, paused, resumed and killed.</summary>
internal static class Sandboxes
{
    public static async Task RunAsync()
    {
        var labels = new Dictionary<string, string> { ["project"] = Guid.NewGuid().ToString() };
        var sandbox = await Sandbox.CreateAsync("base", new()
        {
            Timeout = TimeSpan.FromMinutes(10),
            Metadata = labels,
            Envs = new Dictionary<string, string> { ["GREETING"] = "still here" },
        });

        await foreach (var found in Sandbox.ListAsync(labels)) Console.WriteLine($"found: {found.SandboxId == sandbox.SandboxId}, {found.State}");

        await sandbox.SetTimeoutAsync(TimeSpan.FromMinutes(30));
        Console.WriteLine($"lives for {((await sandbox.GetInfoAsync()).EndAt - DateTimeOffset.UtcNow).TotalMinutes:0} minutes more");
        Console.WriteLine($"port 8080 is at {sandbox.GetHost(8080).Replace(sandbox.SandboxId, "ID", StringComparison.Ordinal)}");

        await sandbox.PauseAsync(); // keeps files, memory and processes
        Console.WriteLine($"running while paused: {await sandbox.IsRunningAsync()}");
        var again = await Sandbox.ConnectAsync(sandbox.SandboxId);
        Console.Write((await again.Commands.RunAsync("echo $GREETING")).Stdout);

        Console.WriteLine($"killed: {await Sandbox.KillAsync(sandbox.SandboxId)}");
    }
}
