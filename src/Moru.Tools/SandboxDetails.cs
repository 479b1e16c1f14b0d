using System.Globalization;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Where a server in a sandbox is reached.</summary>
public sealed record PortUrl : SandboxResult
{
    /// <summary>Its root.</summary>
    public required string Url { get; init; }

    /// <summary>The port inside the sandbox.</summary>
    public required int Port { get; init; }

    /// <summary>What requests must carry in the header <see cref="Headers.TrafficToken"/>; absent: everybody may use the URL.</summary>
    public string? TrafficToken { get; init; }

    private protected override string Text => TrafficToken is null ? Url : $"{Url}\nRequests need the header {Headers.TrafficToken}: {TrafficToken}";
}

/// <summary>Where a file of a sandbox is read or written without credentials.</summary>
public sealed record FileUrl : SandboxResult
{
    /// <summary>The URL; whoever has it can use it.</summary>
    public required string Url { get; init; }

    /// <summary><c>GET</c> or <c>POST</c>.</summary>
    public required string Method { get; init; }

    private protected override string Text => $"{Method} {Url}";
}

/// <summary>What became of a sandbox.</summary>
public sealed record SandboxChange : SandboxResult
{
    /// <summary><c>running</c> or <c>paused</c>.</summary>
    public required string State { get; init; }

    /// <summary>Seconds it lives from now, when they were set.</summary>
    public int? TimeoutSeconds { get; init; }

    private protected override string Text => $"Sandbox {SandboxId} is {State}{(TimeoutSeconds is { } seconds ? $" and ends in {seconds} s" : "")}.";
}

/// <summary>A sandbox and what it uses.</summary>
public sealed record SandboxDetails : SandboxResult
{
    /// <summary><c>running</c> or <c>paused</c>.</summary>
    public required string State { get; init; }

    /// <summary>Name of its template.</summary>
    public required string Template { get; init; }

    /// <summary>When its timeout ends it, in UTC; absent while it is paused, since that does not end.</summary>
    public string? EndsAt { get; init; }

    /// <summary>Processors it may use.</summary>
    public required int Cpus { get; init; }

    /// <summary>Memory it may use.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Share of its processors in use, of 100; absent before the first sample.</summary>
    public double? CpuPercent { get; init; }

    /// <summary>Memory in use; absent before the first sample.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Disk in use; absent before the first sample.</summary>
    public long? DiskUsedBytes { get; init; }

    /// <summary>What its processes did and printed, the middle of a long log cut; absent unless asked for.</summary>
    public string? Log { get; init; }

    private protected override string Text => Log is null ? Summary : $"{Summary}\n[log]\n{CleanText.Mark(Log)}";

    private string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{SandboxId}  {State}  template {Template}{(EndsAt is null ? "" : $"  ends {EndsAt}")}  {Cpus} CPUs  {MemoryBytes >> 20} MB memory{(CpuPercent is null ? "" : $"\nin use: {CpuPercent:0.#}% CPU, {MemoryUsedBytes >> 20} MB memory, {DiskUsedBytes >> 20} MB disk")}");

    internal static SandboxDetails From(SandboxInfo info, SandboxMetrics? sample)
    {
        var line = SandboxLine.From(info, null);
        return new SandboxDetails
        {
            State = line.State,
            Template = line.Template,
            EndsAt = line.EndsAt,
            Cpus = info.CpuCount,
            MemoryBytes = (long)info.MemoryMB << 20,
            CpuPercent = sample?.CpuUsedPercent,
            MemoryUsedBytes = sample?.MemoryUsedBytes,
            DiskUsedBytes = sample?.DiskUsedBytes,
        };
    }
}
