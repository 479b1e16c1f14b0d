namespace Moru.Mcp.Tests;

/// <summary>A program in a sandbox that tries to get out to some addresses again and again, and counts its rounds.</summary>
internal static class Escape
{
    private const string Program =
        """
        import os, socket, sys
        rounds = 0
        while True:
            for target in sys.argv[1:]:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as s:
                        s.settimeout(0.02)
                        try:
                            s.connect((target, 80)); s.send(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
                        except OSError: pass
            rounds += 1
            open("/tmp/next", "w").write(str(rounds)); os.replace("/tmp/next", "/tmp/rounds")
        """;

    /// <summary>Prints the rounds, also when there has been none.</summary>
    public const string Count = "cat /tmp/rounds 2>/dev/null || echo 0";

    public static async Task<Sandbox> StartAsync(MoruClient client, SandboxOptions options, params System.Net.IPAddress[] targets)
    {
        var sandbox = await client.CreateSandboxAsync(options: options, cancellationToken: TestContext.Current.CancellationToken);
        var line = $"nohup python3 -c '{Program}' {string.Join(' ', targets.Select(target => target.ToString()))} > /dev/null 2>&1 &";
        await sandbox.Commands.RunAsync(line, cancellationToken: TestContext.Current.CancellationToken);
        return sandbox;
    }

    /// <summary>Waits until each has tried everything a few times more.</summary>
    /// <param name="sandboxes">Whatever names them.</param>
    /// <param name="count">Runs <see cref="Count"/> in one of them.</param>
    public static async Task RoundsAsync<T>(IReadOnlyList<T> sandboxes, Func<T, Task<string>> count)
    {
        foreach (var sandbox in sandboxes)
        {
            var before = int.Parse(await count(sandbox), System.Globalization.CultureInfo.InvariantCulture);
            await Eventually.TrueAsync(async () => int.Parse(await count(sandbox), System.Globalization.CultureInfo.InvariantCulture) >= before + 5);
        }
    }
}
