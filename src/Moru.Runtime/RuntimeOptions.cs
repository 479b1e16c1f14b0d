using System.Net;

namespace Moru.Runtime;

/// <summary>Where a runtime keeps its things, and its limits. Every limit has a working default.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Directory of the store, the lock, the first API key and the copies of envd; made with mode 0700 when absent.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The static envd executable on this host. It is copied, so it may be rebuilt while sandboxes run.</summary>
    public required string EnvdPath { get; init; }

    /// <summary>How long a sandbox lives when the request names no timeout.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest life of a sandbox, counted from its start.</summary>
    public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How many sandboxes of all teams may start or run at a time; paused ones do not count.</summary>
    public int MaxSandboxes { get; init; } = 100;

    /// <summary>What each team may use.</summary>
    public TeamLimits Limits { get; init; } = new();

    /// <summary>Teams whose limits differ, by id.</summary>
    public IReadOnlyDictionary<string, TeamLimits> LimitsByTeam { get; init; } = new Dictionary<string, TeamLimits>();

    /// <summary>How long the records of ended sandboxes are kept, if there are not too many of them.</summary>
    public TimeSpan KeptHistory { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Most records of ended sandboxes that are kept; the oldest go first.</summary>
    public int MaxHistory { get; init; } = 10_000;

    /// <summary>How long a whole create or resume may take.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most volumes.</summary>
    public int MaxVolumes { get; init; } = 1000;

    /// <summary>How much a new volume can hold; at least 32 MiB.</summary>
    public long VolumeBytes { get; init; } = 10L << 30;

    /// <summary>
    /// Whether a new volume is a file system of its own, which the kernel keeps to its size; needs Linux, root and <c>mkfs.ext4</c>, and
    /// is a directory without them.
    /// </summary>
    public bool VolumeImages { get; init; } = true;

    /// <summary>Addresses that are not public, which sandboxes with internet access may reach all the same, by names of the operator's choice.</summary>
    public IReadOnlyDictionary<string, AddressRange> OpenedAddresses { get; init; } = new Dictionary<string, AddressRange>();

    /// <summary>DNS servers that answer for sandboxes; none: those of this machine.</summary>
    public IReadOnlyList<IPEndPoint> Resolvers { get; init; } = [];

    /// <summary>Most processes and threads in one sandbox.</summary>
    public int PidsLimit { get; init; } = 1024;

    /// <summary>How long a build may take.</summary>
    public TimeSpan BuildTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a build may wait for its start.</summary>
    public TimeSpan BuildPatience { get; init; } = TimeSpan.FromMinutes(40);

    /// <summary>How long a build waits for its start command to be ready.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Most bytes that the files of one COPY step may have, unpacked.</summary>
    public long MaxArchiveBytes { get; init; } = 2L << 30;

    /// <summary>Most bytes of COPY files that are kept; those not used for the longest time go first.</summary>
    public long MaxKeptArchiveBytes { get; init; } = 20L << 30;

    /// <summary>Most cached layers of a team; those not used for the longest time go first.</summary>
    public int MaxLayers { get; init; } = 500;
}
