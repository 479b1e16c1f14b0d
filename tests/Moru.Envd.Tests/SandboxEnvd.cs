using System.Globalization;
using System.Text;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Envd.Tests;

/// <summary>envd in a container of the base template as the server starts it: the engine's own settings and limits, none laxer.</summary>
public sealed class SandboxEnvd : EnvdHost
{
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(2);

    private readonly DockerEngine _engine = new(addressing: SandboxAddressing.Container);
    private readonly string _id = SandboxId.New();

    public string Container => "moru-" + _id;

    public async Task<bool> RunsAsync() => await Shell.RunAsync("docker", "inspect", "--format", "{{.State.Running}}", Container) == "true";

    /// <summary>Runs a Python script in the sandbox.</summary>
    internal Task<Finished> PythonAsync(string script, string user = "root") => this.RunAsync(Commands.Program("python3", "-c", script), user);

    /// <summary>Asks for its health and for a file, each on a new connection, as a new client would.</summary>
    public async Task AnswersPromptlyAsync()
    {
        using var http = new HttpClient { Timeout = Prompt };
        Assert.True((await http.GetAsync(new Uri(Address, "health"), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        using var other = new HttpClient { Timeout = Prompt };
        Assert.StartsWith("root:", await other.GetStringAsync(new Uri(Address, "files?path=/etc/passwd"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>Resident memory of envd in MiB.</summary>
    public async Task<int> ResidentMiBAsync()
    {
        var status = Encoding.UTF8.GetString(await Http.GetByteArrayAsync(new Uri(Address, "files?path=/proc/1/status")));
        var line = status.Split('\n').Single(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) >> 10;
    }

    protected override async Task<Uri> StartAsync()
    {
        var spec = new ContainerSpec
        {
            SandboxId = _id, OwnerId = "test-envd-" + _id, TemplateId = "base", Image = "moru/base:latest", EnvdPath = Artifacts.Envd,
            Limits = new SandboxLimits(CpuCount: 2, MemoryMB: 256, DiskSizeMB: 0, PidsLimit: 256), AllowInternet = true,
        };
        var container = await _engine.StartAsync(spec, TestContext.Current.CancellationToken);
        return new UriBuilder("http", container.Address.Host, container.Address.EnvdPort).Uri;
    }

    protected override async Task StopAsync()
    {
        await _engine.RemoveAsync(_id, CancellationToken.None);
        await _engine.DisposeAsync();
    }
}
