using System.Globalization;
using System.Text;

namespace Moru.Mcp.Tests;

/// <summary>Clients and servers that die at any moment while a command prints. More rounds: <c>MORU_CRASH_ROUNDS</c>.</summary>
public sealed class OutputAcrossCrashes : IAsyncDisposable
{
    // Seven bytes at a time, so that answers end in the middle of lines and of characters.
    private const string Printer = """
        python3 -c '
        import itertools, os, time
        text = b""
        for n in itertools.count():
            text += f"{n} naïve ✓ 😀\n".encode()
            while len(text) >= 7:
                os.write(1, text[:7]); text = text[7:]
                time.sleep(0.0005)
            if os.path.exists("/tmp/enough"): break
        os.write(1, text)
        '
        """;

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("MORU_CRASH_ROUNDS") ?? "30", CultureInfo.InvariantCulture);

    private readonly TemporaryDirectory data = new();
    private readonly StringBuilder read = new();
    private readonly Random random = new(42);
    private string cursor = "0,0";

    public async ValueTask DisposeAsync()
    {
        await Leftovers.EndAsync(data.Path);
        data.Dispose();
    }

    [Fact]
    public async Task Whoever_dies_the_cursor_goes_on_with_no_byte_lost_or_doubled()
    {
        var mcp = Start();
        var pid = (await mcp.DoAsync("run_command", new() { ["command"] = Printer, ["wait_seconds"] = 0 })).GetProperty("pid").GetInt32();
        for (var round = 0; round < Rounds; round++)
        {
            await mcp.ConnectAsync();
            var death = DieAsync(mcp, byServer: random.Next(2) == 0, TimeSpan.FromMilliseconds(random.Next(300)));
            await Record.ExceptionAsync(() => ReadOnAsync(mcp, pid));
            await death;
            await mcp.DisposeAsync();
            mcp = Start();
        }

        await mcp.RunAsync("touch /tmp/enough");
        await ReadOnAsync(mcp, pid);
        var written = await mcp.RunAsync($"wc -c < /tmp/.moru/{pid}.out");

        Assert.Equal(int.Parse(written.GetProperty("stdout").GetString()!, CultureInfo.InvariantCulture), Encoding.UTF8.GetByteCount(read.ToString()));
        var lines = read.ToString().Split('\n')[..^1];
        Assert.Equal(Enumerable.Range(0, lines.Length).Select(n => $"{n} naïve ✓ 😀"), lines);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} deaths, {lines.Length} lines");
        await mcp.DisposeAsync();
    }

    private McpProcess Start() => McpProcess.StartUnder($"python3 {Path.Combine(Artifacts.Root, "tests/Moru.Testing/python/relay.py")}", data.Path, "--session reader");

    /// <summary>Until the command ends, or somebody dies.</summary>
    private async Task ReadOnAsync(McpProcess mcp, int pid)
    {
        while (true)
        {
            var output = await mcp.DoAsync("read_output", new() { ["pid"] = pid, ["cursor"] = cursor });
            read.Append(output.GetProperty("stdout").GetString());
            if (!output.TryGetProperty("cursor", out var next)) return;
            cursor = next.GetString()!;
        }
    }

    /// <summary>The moment of a death is the input, not a wait for something.</summary>
    private static async Task DieAsync(McpProcess mcp, bool byServer, TimeSpan after)
    {
        await Task.Delay(after, TestContext.Current.CancellationToken);
        if (byServer) await mcp.KillServerAsync();
        else await mcp.KillAsync();
    }
}
