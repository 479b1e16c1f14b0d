namespace Moru.Samples;

/// <summary>Commands in the foreground and in the background.</summary>
internal static class Commands
{
    public static async Task RunAsync()
    {
        await using var sandbox = await Sandbox.CreateAsync();

        await sandbox.Commands.RunAsync("for i in 1 2 3; do echo step $i; sleep 0.1; done; echo done in $PWD as $(id -un) >&2", new()
        {
            Cwd = "/tmp",
            User = "root",
            Timeout = TimeSpan.FromSeconds(30),
            OnStdout = text => Console.Write(text), // as it comes
            OnStderr = text => Console.Write(text),
        });

        // A command in the background outlives its handle; here it waits for input.
        await using var handle = await sandbox.Commands.StartAsync("read name; echo hello $name");
        Console.WriteLine($"runs: {(await sandbox.Commands.ListAsync()).Any(process => process.Pid == handle.Pid)}");
        await handle.SendStdinAsync("background\n");
        Console.Write((await handle.WaitAsync()).Stdout);

        await using var endless = await sandbox.Commands.StartAsync("sleep infinity");
        Console.WriteLine($"killed: {await sandbox.Commands.KillAsync(endless.Pid)}");
    }
}
