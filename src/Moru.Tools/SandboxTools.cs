using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Moru.Tools;

/// <summary>Tools that make, run and end sandboxes. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed partial class SandboxTools(SandboxSession session)
{
    public const string WhichSandbox = "Default: yours";

    private const int MaxListed = 50;

    // Volumes, labels and network rules are for programs and for people who read the manual.
    [Description("Make another sandbox, a Linux machine. Rarely needed: without sandbox_id, tools use yours, made on first use.")]
    public async Task<CreatedSandbox> CreateAsync(
        [Description("Such as base, python or node")] string template = "base",
        [Description("Time to live"), Range(1, MaxSeconds)] int timeout_seconds = 900,
        [Description("Environment variables")] Dictionary<string, string>? env = null,
        string? volume_id = null,
        string? volume_path = null,
        Dictionary<string, string>? metadata = null,
        bool internet = true,
        string[]? allow_out = null,
        string[]? deny_out = null,
        bool public_ports = true,
        CancellationToken cancellationToken = default)
    {
        CommandTools.CheckNames(env);
        if (volume_path is not null && volume_id is null) throw new ToolException($"`volume_path` needs `volume_id`: which volume to mount there, for example: {ToolCall.Write("create_sandbox", ("volume_id", "data"), ("volume_path", volume_path))}");
        var client = await session.ClientAsync(cancellationToken);
        var volume = volume_id is null ? null : await VolumeTools.FindAsync(client, volume_id, cancellationToken); // a name will do as well
        try
        {
            var options = new SandboxOptions
            {
                Timeout = TimeSpan.FromSeconds(timeout_seconds),
                Envs = env,
                VolumeId = volume?.VolumeId,
                VolumeMountPath = volume_path ?? (volume_id is null ? null : "/mnt/volume"),
                Metadata = metadata,
                AllowInternetAccess = internet,
                Network = new NetworkOptions { AllowOut = allow_out, DenyOut = deny_out, AllowPublicTraffic = public_ports },
            };
            var sandbox = await client.CreateSandboxAsync(template, options, cancellationToken);
            session.Add(sandbox);
            return new CreatedSandbox { SandboxId = sandbox.SandboxId, Template = template, TimeoutSeconds = timeout_seconds };
        }
        catch (NotFoundException error)
        {
            throw new ToolException(await TemplateTools.DescribeUnusableAsync(client, template, cancellationToken), error);
        }
    }

    [Description("List sandboxes and when they end.")]
    public async Task<SandboxList> ListAsync(Dictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var listed = new List<SandboxLine>();
        var omitted = 0;
        await foreach (var info in (await session.ClientAsync(cancellationToken)).ListSandboxesAsync(metadata, cancellationToken))
        {
            if (listed.Count < MaxListed) listed.Add(SandboxLine.From(info, session.SandboxId));
            else omitted++;
        }

        return new SandboxList { Sandboxes = listed, Omitted = omitted == 0 ? null : omitted };
    }

    [Description("End a sandbox; its files are lost.")]
    public async Task<KilledSandbox> KillAsync([Description(WhichSandbox)] string? sandbox_id = null, CancellationToken cancellationToken = default)
    {
        if (await session.KillAsync(sandbox_id, cancellationToken) is { } killed) return new KilledSandbox { Killed = true, SandboxId = killed };
        var note = sandbox_id is null
            ? "There is no session sandbox at the moment; to end another sandbox, give its sandbox_id."
            : await session.DescribeUnknownAsync(sandbox_id, cancellationToken);
        return new KilledSandbox { Killed = false, SandboxId = sandbox_id, Note = note };
    }
}
