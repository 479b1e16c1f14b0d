using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Moru.Runtime;

namespace Moru.Server;

/// <summary>The file <c>moru.json</c> of the data directory: limits. Read at the start; a member that it does not know is an error.</summary>
internal sealed record ConfigurationFile
{
    private const string Name = "moru.json";

    /// <summary>Sandboxes of all teams that start or run at a time.</summary>
    public int? Sandboxes { get; init; }

    /// <summary>Requests in a minute from one address without a valid credential.</summary>
    public int? AnonymousRequestsPerMinute { get; init; }

    /// <summary>What each team may use.</summary>
    public TeamSection? Limits { get; init; }

    /// <summary>What sandboxes may reach beyond public addresses, and who answers their DNS questions.</summary>
    public NetworkSection? Network { get; init; }

    /// <summary>What differs for single teams, by id.</summary>
    public IReadOnlyDictionary<string, TeamSection>? Teams { get; init; }

    /// <summary>Settings that were given; the server's defaults where the file says nothing.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: the file makes no sense.</exception>
    public static ConfigurationFile Read(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, Name);
        if (!File.Exists(path)) return new ConfigurationFile();
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ConfigurationJson.Default.ConfigurationFile) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            throw Invalid(error.Message, error);
        }
    }

    public RuntimeOptions Apply(RuntimeOptions options)
    {
        var limits = Limits?.Apply(options.Limits) ?? options.Limits;
        return options with
        {
            MaxSandboxes = Positive(Sandboxes, "sandboxes") ?? options.MaxSandboxes,
            Limits = limits,
            OpenedAddresses = Network?.Opened ?? options.OpenedAddresses,
            Resolvers = Network?.Servers ?? options.Resolvers,
            LimitsByTeam = Teams?.ToDictionary(team => team.Key, team => team.Value.Apply(limits)) ?? options.LimitsByTeam,
        };
    }

    public ServerOptions Apply(ServerOptions options) => options with
    {
        AnonymousRequestsPerMinute = Positive(AnonymousRequestsPerMinute, "anonymousRequestsPerMinute") ?? options.AnonymousRequestsPerMinute,
    };

    private static int? Positive(int? value, string name) => value is < 1 ? throw Invalid($"'{name}' must be 1 or more") : value;

    private static RuntimeException Invalid(string problem, Exception? inner = null) =>
        new(RuntimeError.InvalidArgument, $"The file '{Name}' in the data directory cannot be used: {problem}", inner);

    /// <summary>Exceptions of the operator's.</summary>
    internal sealed record NetworkSection
    {
        private const int DnsPort = 53;

        /// <summary>Addresses and ranges that are not public and may be reached all the same, by names for people.</summary>
        public IReadOnlyDictionary<string, string>? Open { get; init; }

        /// <summary>Addresses of DNS servers.</summary>
        public IReadOnlyList<string>? Resolvers { get; init; }

        internal IReadOnlyDictionary<string, AddressRange>? Opened => Open?.ToDictionary(
            entry => entry.Key, entry => AddressRange.TryParse(entry.Value ?? "", out var range) ? range : throw Invalid($"'network.open.{entry.Key}' must be an IPv4 address or range"));

        internal IReadOnlyList<IPEndPoint>? Servers => Resolvers?
            .Select(text => IPAddress.TryParse(text, out var address) ? new IPEndPoint(address, DnsPort) : throw Invalid("'network.resolvers' must hold IP addresses")).ToList();
    }

    /// <summary>Limits of a team; what is absent is as for all teams.</summary>
    internal sealed record TeamSection
    {
        public int? Sandboxes { get; init; }

        public double? SandboxHours { get; init; }

        public int? CpuCount { get; init; }

        public int? MemoryMB { get; init; }

        public int? DiskSizeMB { get; init; }

        public int? Builds { get; init; }

        public int? BuildsPerHour { get; init; }

        public int? CreationsPerMinute { get; init; }

        public int? RequestsPerMinute { get; init; }

        public TeamLimits Apply(TeamLimits limits) => limits with
        {
            Sandboxes = Positive(Sandboxes, "sandboxes") ?? limits.Sandboxes,
            Life = SandboxHours is { } hours ? hours is > 0 and <= 100_000 ? TimeSpan.FromHours(hours) : throw Invalid("'sandboxHours' must be more than 0") : limits.Life,
            CpuCount = Positive(CpuCount, "cpuCount") ?? limits.CpuCount,
            MemoryMB = Positive(MemoryMB, "memoryMB") ?? limits.MemoryMB,
            DiskSizeMB = Positive(DiskSizeMB, "diskSizeMB") ?? limits.DiskSizeMB,
            Builds = Positive(Builds, "builds") ?? limits.Builds,
            BuildsPerHour = Positive(BuildsPerHour, "buildsPerHour") ?? limits.BuildsPerHour,
            CreationsPerMinute = Positive(CreationsPerMinute, "creationsPerMinute") ?? limits.CreationsPerMinute,
            RequestsPerMinute = Positive(RequestsPerMinute, "requestsPerMinute") ?? limits.RequestsPerMinute,
        };
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ConfigurationFile))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
