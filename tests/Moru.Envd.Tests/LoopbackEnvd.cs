using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Moru.Envd.Tests;

/// <summary>envd as a child of the test run, with a directory of its own to work in.</summary>
public sealed class LoopbackEnvd : EnvdHost
{
    private Process? _process;

    public int Pid => _process!.Id;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("envd-").FullName;

    /// <summary>A line of <c>/proc/PID/status</c> in KiB.</summary>
    public long MemoryKiB(string line) =>
        long.Parse(File.ReadLines($"/proc/{Pid}/status").Single(text => text.StartsWith(line + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "").Trim(), CultureInfo.InvariantCulture);

    /// <summary>Asks it to end and waits for that.</summary>
    public async Task<int> TerminateAsync()
    {
        await Shell.RunAsync("kill", "-TERM", Pid.ToString(CultureInfo.InvariantCulture));
        await _process!.WaitForExitAsync().WaitAsync(Eventually.Limit);
        return _process.ExitCode;
    }

    protected override Task<Uri> StartAsync()
    {
        var port = FreePort();
        var start = new ProcessStartInfo(Artifacts.Envd, ["--port", port.ToString(CultureInfo.InvariantCulture)]);
        start.Environment["SECRET_OF_ENVD"] = "hidden";
        _process = Process.Start(start);
        return Task.FromResult(new Uri($"http://127.0.0.1:{port}/"));
    }

    protected override async Task StopAsync()
    {
        _process?.Kill();
        if (_process is not null) await _process.WaitForExitAsync();
        _process?.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
