using System.Collections.Concurrent;
using System.Net.Http;
using Moru.Protocol;

namespace Moru.Runtime;

/// <summary>
/// The containers that builds run in. They belong to an owner of their own, so that nobody takes them for sandboxes; whatever of
/// that owner no build uses is removed.
/// </summary>
internal sealed class BuildSandboxes(IContainerEngine engine, SandboxNetwork network, RuntimeOptions options, string envdPath, string ownerId, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromMinutes(2);

    private readonly string owner = ownerId + "-builds";
    private readonly ConcurrentDictionary<string, bool> used = new(StringComparer.Ordinal);
    private readonly HttpClient http = SandboxStart.NewClient();

    public async Task<BuildSandbox> OpenAsync(string templateId, string image, int cpuCount, int memoryMB, int diskMB, CancellationToken cancellationToken)
    {
        var id = SandboxId.New();
        used[id] = true;
        try
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bound.CancelAfter(StartBound);
            var container = await engine.StartAsync(
                new ContainerSpec
                {
                    SandboxId = id, OwnerId = owner, TemplateId = templateId, Image = image, EnvdPath = envdPath, AllowInternet = true,
                    Network = await network.AdmitAsync(id, new EgressRules([], [], []), bound.Token),
                    Limits = new SandboxLimits(cpuCount, memoryMB, diskMB, options.PidsLimit),
                },
                bound.Token);
            var agent = new EnvdClient(http, new UriBuilder(Uri.UriSchemeHttp, container.Address.Host, container.Address.EnvdPort).Uri);
            await SandboxStart.AnswersAsync(agent, bound.Token);
            // An agent ends its container when the deadline is long over: what is left when the server never comes back.
            var now = time.GetUtcNow();
            var init = new InitRequest { Timestamp = now, Deadline = now + options.BuildTimeout, EnvVars = new Dictionary<string, string> { ["MORU_SANDBOX_ID"] = id } };
            await SandboxStart.TellAsync(agent, init, bound.Token);
            return new BuildSandbox(id, agent, () => RemoveAsync(id));
        }
        catch
        {
            await RemoveAsync(id);
            throw;
        }
    }

    /// <summary>Removes what no build uses.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var container in await engine.ListAsync(owner, cancellationToken))
            if (!used.ContainsKey(container.SandboxId)) await engine.RemoveAsync(container.SandboxId, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    /// <summary>An engine that does not answer now is asked again by the next sweep.</summary>
    private async Task RemoveAsync(string id)
    {
        await network.LeaveAsync(id);
        try
        {
            await engine.RemoveAsync(id, CancellationToken.None);
        }
        catch (RuntimeException)
        {
            // The sweep.
        }
        finally
        {
            used.TryRemove(id, out _);
        }
    }
}
