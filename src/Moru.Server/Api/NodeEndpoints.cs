using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Moru.Protocol;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The one node there is: this machine.</summary>
internal sealed class NodeEndpoints(MoruRuntime runtime)
{
    private static readonly string[] Version =
        (typeof(NodeEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+', 2);

    private readonly string instance = Guid.NewGuid().ToString();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nodes", ListAsync).Accepting(Accepted.AdminToken);
        routes.MapGet("/nodes/{nodeID}", GetAsync).Accepting(Accepted.AdminToken);
        routes.MapPost("/nodes/{nodeID}", ChangeAsync).Accepting(Accepted.AdminToken);
    }

    private async Task ListAsync(HttpContext context) =>
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, [await DescribeAsync(context.RequestAborted)], ApiJson.Default.IReadOnlyListNode);

    private async Task GetAsync(HttpContext context)
    {
        CheckId(context);
        await ApiBody.WriteAsync(context, StatusCodes.Status200OK, await DescribeAsync(context.RequestAborted), ApiJson.Default.NodeDetail);
    }

    private async Task ChangeAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync(context, ApiJson.Default.NodeStatusChange);
        CheckId(context);
        if (body.Status is not (NodeStatus.Ready or NodeStatus.Draining)) throw ApiBody.Invalid("status must be ready or draining; the others are found out");
        runtime.Sandboxes.IsDraining = body.Status is NodeStatus.Draining;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private void CheckId(HttpContext context)
    {
        var id = (string)context.GetRouteValue("nodeID")!;
        if (id != runtime.OwnerId) throw new ApiException(StatusCodes.Status404NotFound, $"node '{id}' does not exist; GET /nodes names the one there is");
    }

    private async Task<NodeDetail> DescribeAsync(CancellationToken cancellationToken)
    {
        var cpu = await Machine.MeasureCpuAsync(cancellationToken);
        var (memoryUsed, memoryTotal) = Machine.ReadMemory();
        var (root, answers) = await EngineRootAsync(cancellationToken);
        var processor = Machine.ReadProcessor();
        var used = runtime.Sandboxes.InUse;
        var busy = used.Where(sandbox => sandbox.Phase is SandboxPhase.Starting or SandboxPhase.Running or SandboxPhase.Resuming).ToList();
        var (successes, fails) = runtime.Sandboxes.Creates;
        var running = runtime.Sandboxes.List().Where(sandbox => sandbox.State is SandboxPhase.Running).ToList();
        return new NodeDetail
        {
            NodeId = runtime.OwnerId,
            Id = runtime.OwnerId,
            ServiceInstanceId = instance,
            Status = !answers ? NodeStatus.Unhealthy : runtime.Sandboxes.IsDraining ? NodeStatus.Draining : NodeStatus.Ready,
            SandboxCount = running.Count,
            SandboxStartingCount = used.Count(sandbox => sandbox.Phase is SandboxPhase.Starting),
            CreateSuccesses = successes,
            CreateFails = fails,
            Version = Version[0],
            Commit = Version is [_, var commit] ? commit : "",
            Metrics = new NodeMetrics
            {
                AllocatedCpu = busy.Sum(sandbox => sandbox.Limits.CpuCount),
                CpuPercent = Math.Round(cpu.Percent, 1),
                CpuCount = cpu.Count,
                AllocatedMemoryBytes = used.Sum(sandbox => (long)sandbox.Limits.MemoryMB << 20),
                MemoryUsedBytes = memoryUsed,
                MemoryTotalBytes = memoryTotal,
                Disks = [.. Machine.ReadDisks([runtime.Options.DataDirectory, .. root]).Select(ToWire)],
            },
            MachineInfo = new MachineInfo(processor.Family, processor.Model, processor.ModelName, processor.Architecture),
            Sandboxes = [.. running.Select(Wire.ToListed)],
            CachedBuilds = [],
        };
    }

    private async Task<(string[] Root, bool Answers)> EngineRootAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ([await runtime.EngineRootAsync(cancellationToken)], true);
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.EngineUnavailable)
        {
            return ([], false);
        }
    }

    private static DiskMetrics ToWire(MachineDisk disk) => new(disk.MountPoint, disk.Device, disk.FilesystemType, disk.UsedBytes, disk.TotalBytes);
}
