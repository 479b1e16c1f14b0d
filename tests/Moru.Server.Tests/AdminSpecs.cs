namespace Moru.Server.Tests;

public sealed class AdminSpecs
{
    [Fact]
    public async Task Teams_are_made_renamed_and_listed()
    {
        await using var server = await MemoryServer.StartAsync();

        var made = await server.Admin.PostAsync("/admin/teams", """{"name":"tenants"}""");
        var renamed = await server.Admin.PatchAsync($"/admin/teams/{made["teamID"]}", """{"name":"guests"}""");
        var listed = (await server.Admin.GetAsync("/admin/teams")).Json.EnumerateArray().ToList();

        Assert.Equal((201, 200, "no-store"), (made.Status, renamed.Status, made.Headers["Cache-Control"]));
        Assert.Equal([("default", true), ("guests", false)], listed.Select(team => (team.GetProperty("name").GetString(), team.GetProperty("isDefault").GetBoolean())));
        Assert.DoesNotContain("apiKey", listed[1].ToString(), StringComparison.Ordinal);
        (await server.Admin.PostAsync("/admin/teams", """{"name":" "}""")).Fails(400, "name");
        (await server.Admin.PatchAsync("/admin/teams/none", """{"name":"x"}""")).Fails(404, "none");
    }

    [Fact]
    public async Task All_running_sandboxes_of_a_team_are_killed_and_no_others()
    {
        await using var server = await MemoryServer.StartAsync();
        var other = await server.NewTeamAsync();
        var mine = await server.CreateAsync();
        for (var i = 0; i < 12; i++) await other.PostAsync("/sandboxes", """{"templateID":"base","timeout":100}""");
        var paused = (await other.GetAsync("/sandboxes")).Ids.First()!;
        await other.PostAsync($"/sandboxes/{paused}/pause");

        var killed = await server.Admin.PostAsync($"/admin/teams/{other.TeamId}/sandboxes/kill");

        Assert.Equal((200, """{"killedCount":11,"failedCount":0}"""), (killed.Status, killed.Text));
        Assert.Equal(new[] { mine, paused }.Order(), server.Engine.SandboxIds.Order());
        (await server.Admin.PostAsync("/admin/teams/none/sandboxes/kill")).Fails(404, "none");
    }

    [Fact]
    public async Task The_node_is_described_as_it_is()
    {
        await using var server = await MemoryServer.StartAsync();
        var running = await server.CreateAsync();
        await server.CreatePausedAsync();

        var listed = Assert.Single((await server.Admin.GetAsync("/nodes")).Json.EnumerateArray());
        var id = listed.GetProperty("nodeID").GetString();
        var node = (await server.Admin.GetAsync($"/nodes/{id}")).Json;

        string[] members =
        [
            "nodeID", "id", "serviceInstanceID", "clusterID", "status", "sandboxCount", "metrics", "createSuccesses", "createFails", "sandboxStartingCount",
            "version", "commit", "machineInfo",
        ];
        Assert.Equal(members.Order(), listed.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal([.. members.Append("sandboxes").Append("cachedBuilds").Order()], node.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal(("ready", 1, 2, 0), (node.GetProperty("status").GetString(), node.GetProperty("sandboxCount").GetInt32(),
            node.GetProperty("createSuccesses").GetInt32(), node.GetProperty("createFails").GetInt32()));
        Assert.Equal(running, node.GetProperty("sandboxes")[0].GetProperty("sandboxID").GetString());

        var metrics = node.GetProperty("metrics");
        var total = metrics.GetProperty("memoryTotalBytes").GetInt64();
        var kernel = long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
        Assert.Equal((2, 2L << 30, kernel), (metrics.GetProperty("allocatedCPU").GetInt32(), metrics.GetProperty("allocatedMemoryBytes").GetInt64(), total));
        Assert.InRange(metrics.GetProperty("memoryUsedBytes").GetInt64(), 1, total);
        Assert.InRange(metrics.GetProperty("cpuPercent").GetDouble(), 0, 100);
        Assert.Equal(File.ReadLines("/proc/cpuinfo").Count(line => line.StartsWith("processor", StringComparison.Ordinal)), metrics.GetProperty("cpuCount").GetInt32());
        var disk = metrics.GetProperty("disks")[0];
        Assert.InRange(disk.GetProperty("usedBytes").GetInt64(), 1, disk.GetProperty("totalBytes").GetInt64());
        Assert.NotEmpty(disk.GetProperty("filesystemType").GetString()!);
        Assert.Equal(["cpuFamily", "cpuModel", "cpuModelName", "cpuArchitecture"], node.GetProperty("machineInfo").EnumerateObject().Select(member => member.Name));
        (await server.Admin.GetAsync("/nodes/none")).Fails(404, "none");
    }

    [Fact]
    public async Task A_draining_node_takes_no_new_sandboxes_and_keeps_the_others()
    {
        await using var server = await MemoryServer.StartAsync();
        var paused = await server.CreatePausedAsync();
        var node = await NodeAsync(server);

        Assert.Equal(204, (await server.Admin.PostAsync($"/nodes/{node}", """{"status":"draining"}""")).Status);

        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(503, "draining");
        Assert.Equal(201, (await server.PostAsync($"/sandboxes/{paused}/connect", """{"timeout":60}""")).Status);
        Assert.Equal("draining", (await server.Admin.GetAsync($"/nodes/{node}"))["status"]);

        await server.Admin.PostAsync($"/nodes/{node}", """{"status":"ready"}""");
        await server.CreateAsync();
        (await server.Admin.PostAsync($"/nodes/{node}", """{"status":"unhealthy"}""")).Fails(400, "status");
        (await server.Admin.PostAsync($"/nodes/{node}", """{"status":"gone"}""")).Fails(400, "status");
        (await server.Admin.PostAsync("/nodes/none", """{"status":"ready"}""")).Fails(404, "none");
    }

    [Fact]
    public async Task A_node_whose_engine_does_not_answer_is_unhealthy()
    {
        await using var server = await MemoryServer.StartAsync();
        var node = await NodeAsync(server);

        server.Engine.GoDown();
        (await server.PostAsync("/sandboxes", """{"templateID":"base"}""")).Fails(503, "engine");

        Assert.Equal("unhealthy", (await server.Admin.GetAsync($"/nodes/{node}"))["status"]);
    }

    private static async Task<string?> NodeAsync(MemoryServer server) => (await server.Admin.GetAsync("/nodes")).Json[0].GetProperty("nodeID").GetString();
}
