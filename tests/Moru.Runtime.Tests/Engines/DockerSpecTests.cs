using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Moru.Runtime.Tests;

public sealed class DockerSpecTests
{
    /// <summary>Everything that Docker is asked for. A new line here is a decision about security.</summary>
    private const string Online =
        """
        {
          "Name": "moru-i0123456789abcdefghij",
          "Hostname": "i0123456",
          "User": "0:0",
          "Cmd": [],
          "Healthcheck": {"Test": ["NONE"]},
          "Image": "moru/base:latest",
          "WorkingDir": "/",
          "Entrypoint": ["/opt/moru/envd"],
          "ExposedPorts": {},
          "StopSignal": "SIGKILL",
          "Labels": {"moru": "owner", "moru.sandbox": "i0123456789abcdefghij"},
          "HostConfig": {
            "LogConfig": {"Type": "none"},
            "NetworkMode": "network-id",
            "PortBindings": {},
            "Sysctls": {"net.ipv6.conf.lo.disable_ipv6": "0"},
            "RestartPolicy": {"Name": "No"},
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SYS_CHROOT"],
            "CapDrop": ["ALL"],
            "CgroupnsMode": "private",
            "Dns": [],
            "DnsOptions": [],
            "IpcMode": "private",
            "ShmSize": 67108864,
            "Memory": 1073741824,
            "CpuPeriod": 100000,
            "CpuQuota": 200000,
            "MemorySwap": 1073741824,
            "PidsLimit": 1024,
            "Ulimits": [{"Name": "nofile", "Hard": 16384, "Soft": 16384}, {"Name": "core"}],
            "Mounts": [{"Type": "bind", "Source": "/data/envd/abc/envd", "Target": "/opt/moru/envd", "ReadOnly": true}]
          }
        }
        """;

    [Fact]
    public void Docker_is_asked_for_this_and_nothing_else() => AssertAsked(Online, Spec(allowInternet: true), Here);

    [Fact]
    public void Where_its_address_cannot_be_reached_the_agents_port_is_published_to_this_machine_alone() => AssertAsked(
        Online.Replace("\"ExposedPorts\": {}", "\"ExposedPorts\": {\"49983/tcp\": {}}", StringComparison.Ordinal)
            .Replace("\"PortBindings\": {}", "\"PortBindings\": {\"49983/tcp\": [{\"HostIp\": \"127.0.0.1\"}]}", StringComparison.Ordinal),
        Spec(allowInternet: true),
        Here with { PublishesEnvd = true });

    [Fact]
    public void A_kernel_without_IPv6_is_not_asked_for_it() => AssertAsked(
        Online.Replace("{\"net.ipv6.conf.lo.disable_ipv6\": \"0\"}", "{}", StringComparison.Ordinal), Spec(allowInternet: true), Here with { HasIPv6 = false });

    [Fact]
    public void Without_internet_names_are_asked_of_nobody() => AssertAsked(
        Online.Replace("\"Dns\": []", "\"Dns\": [\"127.0.0.1\"]", StringComparison.Ordinal)
            .Replace("\"DnsOptions\": []", "\"DnsOptions\": [\"timeout:1\", \"attempts:1\"]", StringComparison.Ordinal),
        Spec(allowInternet: false),
        Here);

    [Fact]
    public void On_the_filtered_network_the_engine_connects_it_to_nothing() => AssertAsked(
        Online.Replace("\"NetworkMode\": \"network-id\"", "\"NetworkMode\": \"none\", \"ExtraHosts\": [\"i0123456:198.18.4.9\"]", StringComparison.Ordinal)
            .Replace("\"Dns\": []", "\"Dns\": [\"198.18.4.1\"]", StringComparison.Ordinal)
            .Replace("\"moru.sandbox\"", "\"moru.address\": \"198.18.4.9\", \"moru.sandbox\"", StringComparison.Ordinal),
        Spec(allowInternet: true) with { Network = new ContainerNetwork("moru-01234567", "198.18.4.0/22", "198.18.4.9", "198.18.4.1") },
        Here with { NetworkId = DockerSpec.NoNetwork });

    [Fact]
    public void A_disk_is_limited_where_the_engine_can() => AssertAsked(
        Online.Replace("\"PidsLimit\": 1024", "\"PidsLimit\": 1024, \"StorageOpt\": {\"size\": \"10240M\"}", StringComparison.Ordinal),
        Spec(allowInternet: true) with { Limits = new SandboxLimits(2, 1024, 10_240, 1024) },
        Here with { LimitsDisks = true });

    private static readonly JsonSerializerOptions Words = new() { Converters = { new JsonStringEnumConverter() }, WriteIndented = true };

    private static readonly DockerSite Here = new("network-id", PublishesEnvd: false, HasIPv6: true, LimitsDisks: false);

    private static ContainerSpec Spec(bool allowInternet) => new()
    {
        SandboxId = "i0123456789abcdefghij", OwnerId = "owner", TemplateId = "base", Image = "moru/base:latest",
        EnvdPath = "/data/envd/abc/envd", Limits = new SandboxLimits(2, 1024, 0, 1024), AllowInternet = allowInternet,
    };

    private static void AssertAsked(string expected, ContainerSpec spec, DockerSite site)
    {
        var asked = Trim(JsonSerializer.SerializeToNode(DockerSpec.Create(spec, site), Words))!.ToJsonString();

        var wanted = JsonNode.Parse(expected)!.ToJsonString();
        Assert.Equal(Sorted(wanted), Sorted(asked));
    }

    /// <summary>Without what is not set: null, false, zero and "".</summary>
    private static JsonNode? Trim(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
                if (IsUnset(Trim(value))) members.Remove(name);
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items) Trim(item);
        }

        return node;
    }

    private static bool IsUnset(JsonNode? node) => node is null || node.ToJsonString() is "null" or "false" or "0" or "\"\"";

    private static string Sorted(string json) => Order(JsonNode.Parse(json)!).ToJsonString(Words);

    private static JsonNode Order(JsonNode node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Order(pair.Value!)))),
        JsonArray items => new JsonArray([.. items.Select(item => Order(item!))]),
        _ => node.DeepClone(),
    };
}
