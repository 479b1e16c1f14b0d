using System.Net;
using Docker.DotNet.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Moru.Protocol;

namespace Moru.Runtime.Tests;

/// <summary>Limits of disks. This machine's engine may have none, so that another one is played.</summary>
public sealed class DockerDiskTests
{
    [Theory]
    [InlineData("overlay2", "Backing Filesystem", "xfs", true)]
    [InlineData("overlay2", "Backing Filesystem", "extfs", false)]
    [InlineData("overlayfs", "driver-type", "io.containerd.snapshotter.v1", false)]
    [InlineData("btrfs", "driver-type", "io.containerd.snapshotter.v1", false)]
    [InlineData("btrfs", "Build Version", "6.2", true)]
    [InlineData("vfs", "", "", false)]
    public void Few_drivers_can_limit_a_disk(string driver, string name, string value, bool expected) =>
        Assert.Equal(expected, DockerPlace.LimitsDisks(new SystemInfoResponse { Driver = driver, DriverStatus = [[name, value]] }));

    [Theory]
    [InlineData(true, 10_240, 1)]
    [InlineData(false, 0, 2)]
    public async Task An_engine_that_refuses_to_limit_a_disk_is_asked_without_and_the_disk_counts_as_not_limited(bool quota, int limit, int creates)
    {
        var asked = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var fake = builder.Build();
        fake.Run(async call =>
        {
            var path = call.Request.Path.Value!;
            using var body = new StreamReader(call.Request.Body);
            var isLimited = (await body.ReadToEndAsync()).Contains("\"StorageOpt\":{\"size\":\"10240M\"}", StringComparison.Ordinal);
            if (path.EndsWith("/create", StringComparison.Ordinal)) asked++;
            var (status, answer) = path.Split('/')[^1] switch
            {
                "info" => (200, """{"Driver":"overlay2","DriverStatus":[["Backing Filesystem","xfs"]]}"""),
                "networks" => (200, """[{"Name":"moru","Id":"n","Internal":false,"Options":{"com.docker.network.bridge.enable_icc":"false"}}]"""),
                "create" when isLimited && !quota => (500, """{"message":"--storage-opt is supported only for overlay over xfs with 'pquota' mount option"}"""),
                "create" => (201, """{"Id":"c","Warnings":[]}"""),
                "start" => (204, ""),
                _ => (200, """{"Id":"c","State":{"Running":true},"NetworkSettings":{"Networks":{"moru":{"IPAddress":"10.1.2.3"}}}}"""),
            };
            call.Response.StatusCode = status;
            call.Response.ContentType = "application/json";
            if (status != 204) await call.Response.WriteAsync(answer);
        });
        await fake.StartAsync(Node.Cancel);
        await using var engine = new DockerEngine(fake.Urls.First().Replace("http", "tcp", StringComparison.Ordinal), SandboxAddressing.Container);
        var spec = new ContainerSpec
        {
            SandboxId = SandboxId.New(), OwnerId = "nobody", TemplateId = "base", Image = "none", EnvdPath = "/none", AllowInternet = true, Limits = new SandboxLimits(1, 64, 10_240, 64),
        };

        var container = await engine.StartAsync(spec, Node.Cancel);

        Assert.Equal((limit, creates), (container.DiskSizeMB, asked));
        Assert.Equal(limit, (await engine.StartAsync(spec, Node.Cancel)).DiskSizeMB);
        Assert.Equal(creates + 1, asked);
    }
}
