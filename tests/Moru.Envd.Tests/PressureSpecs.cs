using System.Net;
using System.Net.Sockets;
using System.Text;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>envd answers within two seconds whatever the workload does to its sandbox.</summary>
public sealed class PressureSpecs : IAsyncLifetime
{
    private readonly SandboxEnvd _envd = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _envd.InitializeAsync();

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Fact]
    public async Task A_process_that_eats_all_memory_is_killed_and_envd_lives()
    {
        const string Glutton = "blocks = []\nwhile True: blocks.append(bytearray(1 << 20))";

        for (var round = 0; round < 3; round++)
        {
            var run = _envd.PythonAsync(Glutton);
            while (!run.IsCompleted) await _envd.AnswersPromptlyAsync();

            Assert.Equal("signal: killed", (await run).End.Status);
        }

        await _envd.AnswersPromptlyAsync();
    }

    [Fact]
    public async Task A_full_disk_is_said_so_and_reading_goes_on()
    {
        var fill = await _envd.ShAsync("cat /dev/zero > /dev/shm/full");
        Assert.NotEqual(0, fill.End.ExitCode);

        var error = await Assert.ThrowsAsync<ConnectException>(
            () => _envd.Client.WriteFileAsync("/dev/shm/more", new ByteArrayContent(new byte[1 << 20]), null, Cancelled));

        Assert.Equal(507, error.HttpStatus);
        await _envd.AnswersPromptlyAsync();
    }

    [Fact]
    public async Task Connections_from_within_leave_room_for_those_from_outside()
    {
        const string Hoarder =
            """
            import socket, time
            kept = []
            for address in "127.0.0.1", socket.gethostbyname(socket.gethostname()):
                for _ in range(5000):
                    try: kept.append(socket.create_connection((address, 49983), timeout=5))
                    except OSError: pass
            print(len(kept) > 9000, flush=True)
            time.sleep(1000)
            """;

        await StartUntilItPrintsAsync("True\n", Hoarder);

        await _envd.AnswersPromptlyAsync();
    }

    [Fact]
    public async Task Ten_thousand_open_files_of_the_workload_are_its_own()
    {
        await StartUntilItPrintsAsync("10000\n", "import time\nfiles = [open('/dev/null') for _ in range(10000)]\nprint(len(files), flush=True)\ntime.sleep(1000)");

        await _envd.AnswersPromptlyAsync();
    }

    [Fact]
    public async Task Output_that_nobody_reads_stays_with_its_process()
    {
        var unread = new List<IAsyncEnumerator<ProcessEvent>>();
        for (var i = 0; i < 8; i++)
        {
            var stream = _envd.Client.StartAsync(Commands.Bash("head -c 1G /dev/zero"), null, null, Cancelled).GetAsyncEnumerator(Cancelled);
            Assert.True(await stream.MoveNextAsync());
            unread.Add(stream);
        }

        await _envd.AnswersPromptlyAsync();
        Assert.InRange(await _envd.ResidentMiBAsync(), 1, 100);
        foreach (var stream in unread) await stream.DisposeAsync();
        await Eventually.TrueAsync(async () => (await _envd.ShAsync("pgrep -c head")).Stdout == "0\n", "with nobody to read it, output is thrown away");
    }

    [Fact]
    public async Task A_storm_of_kills_leaves_no_zombie()
    {
        for (var round = 0; round < 5; round++)
        {
            var runs = Enumerable.Range(0, 20).Select(_ => _envd.RunAsync(Commands.Bash("sleep 1000 & sleep 1000 & wait"))).ToList();
            await Eventually.TrueAsync(async () => (await _envd.ShAsync("pgrep -c sleep")).Stdout == "40\n", "all run");

            await _envd.ShAsync("kill -9 -1");

            Assert.All(await Task.WhenAll(runs), run => Assert.Equal("signal: killed", run.End.Status));
            await _envd.AnswersPromptlyAsync();
        }

        await Eventually.TrueAsync(async () => (await Shell.RunAsync("docker", "top", _envd.Container, "-eo", "pid,stat")).Split('\n').Length == 2, "only envd is left");
    }

    [Fact]
    public async Task Tunnels_have_a_bound_and_envd_answers_at_it()
    {
        await StartUntilItPrintsAsync("listens\n", "import socket, time\ns = socket.create_server(('127.0.0.1', 8000), backlog=4096)\nprint('listens', flush=True)\ntime.sleep(1000)");
        var tunnels = new List<Stream>();
        for (var i = 0; i < 1024; i++) tunnels.Add(await _envd.Client.OpenTunnelAsync(8000, Cancelled));

        var refusal = await Assert.ThrowsAsync<ConnectException>(() => _envd.Client.OpenTunnelAsync(8000, Cancelled));

        Assert.Equal(429, refusal.HttpStatus);
        await _envd.AnswersPromptlyAsync();
        Assert.InRange(await _envd.ResidentMiBAsync(), 1, 120);
        foreach (var tunnel in tunnels) await tunnel.DisposeAsync();
        await Eventually.TrueAsync(CanOpenAsync, "closed tunnels make room");
    }

    [Fact]
    public async Task A_request_that_never_ends_its_head_is_given_up()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Parse(_envd.Address.Host), _envd.Address.Port, Cancelled);
        await socket.SendAsync("GET /health HTTP/1.1\r\nHost: x\r\n"u8.ToArray(), Cancelled);
        var answer = new byte[1000];

        var count = await socket.ReceiveAsync(answer, Cancelled).AsTask().WaitAsync(Eventually.Limit, Cancelled);

        Assert.StartsWith("HTTP/1.1 408", Encoding.ASCII.GetString(answer, 0, count), StringComparison.Ordinal);
    }

    private async Task<bool> CanOpenAsync()
    {
        try
        {
            await using var tunnel = await _envd.Client.OpenTunnelAsync(8000, Cancelled);
            return true;
        }
        catch (ConnectException)
        {
            return false;
        }
    }

    /// <summary>Starts a Python script that goes on after it printed a line.</summary>
    private async Task StartUntilItPrintsAsync(string line, string script)
    {
        var printed = new StringBuilder();
        await foreach (var item in _envd.Client.StartAsync(Commands.Program("python3", "-c", script), null, null, Cancelled))
        {
            printed.Append(Encoding.UTF8.GetString((item.Data?.Stdout ?? item.Data?.Stderr ?? default).Span));
            if (printed.ToString() == line) return;
        }

        throw new InvalidOperationException($"instead of '{line}' it printed: {printed}");
    }
}
