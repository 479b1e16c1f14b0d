using System.Globalization;
using Moru.Protocol;

namespace Moru.Bench;

/// <summary>envd in a container of its own, spoken to without a server between.</summary>
internal sealed class AgentContainer : IAsyncDisposable
{
    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly bool isOwn;

    private AgentContainer(string id, bool isOwn, int pid, Uri address)
    {
        this.isOwn = isOwn;
        Id = id;
        Pid = pid;
        Client = new EnvdClient(http, address);
    }

    public string Id { get; }

    /// <summary>envd's process on this machine.</summary>
    public int Pid { get; }

    public EnvdClient Client { get; }

    public static async Task<AgentContainer> StartAsync(string envd, CancellationToken cancellationToken)
    {
        const string Mount = "/opt/moru/envd";
        var id = (await Docker.RunAsync(["run", "--detach", "--mount", $"type=bind,source={envd},target={Mount},readonly", "--entrypoint", Mount, Setup.Image], cancellationToken)).Trim();
        var container = await OfAsync(id, isOwn: true, cancellationToken);
        await container.AnswerAsync(cancellationToken);
        return container;
    }

    /// <summary>The agent of a container that runs already, and goes on when this is disposed of.</summary>
    public static Task<AgentContainer> OfAsync(string id, CancellationToken cancellationToken) => OfAsync(id, isOwn: false, cancellationToken);

    /// <summary>Runs a command to its end.</summary>
    /// <returns>How many bytes it wrote to its standard output.</returns>
    public async Task<long> ExecAsync(string[] command, CancellationToken cancellationToken)
    {
        var start = new StartRequest { Process = new ProcessConfig { Cmd = command[0], Args = command[1..] }, Stdin = false };
        var (bytes, ended) = (0L, false);
        await foreach (var item in Client.StartAsync(start, null, null, cancellationToken))
        {
            bytes += item.Data?.Stdout?.Length ?? 0;
            ended |= item.End is { ExitCode: 0 };
        }

        return ended ? bytes : throw new InvalidOperationException($"{string.Join(' ', command)} failed");
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (isOwn) await Docker.RunAsync(["rm", "--force", "--volumes", Id], CancellationToken.None);
    }

    private static async Task<AgentContainer> OfAsync(string id, bool isOwn, CancellationToken cancellationToken)
    {
        var facts = (await Docker.RunAsync(["inspect", "--format", "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id], cancellationToken)).Split();
        return new AgentContainer(id, isOwn, int.Parse(facts[0], CultureInfo.InvariantCulture), new Uri($"http://{facts[1]}:{Ports.Envd}/"));
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Client.HealthAsync(cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(1, cancellationToken);
            }
        }
    }
}
