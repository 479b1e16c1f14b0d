using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Moru.Protocol;

namespace Moru.Runtime.Tests;

public sealed class DockerEngineTests : EngineContract
{
    private readonly string id = SandboxId.New();

    [Fact]
    public async Task The_limits_hold_in_the_container()
    {
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var container = await box.StartAsync(id);
        await box.AgentAnswersAsync(container.Address);

        var hungry = await box.RunAsync(container.Address, "python3 -c 'x = bytearray(300 << 20)'; echo gave $?");
        var forks = await box.RunAsync(container.Address,
            """
            exec python3 -c '
            import subprocess
            children = []
            try:
                while len(children) < 200: children.append(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL))
            except BlockingIOError: print("stopped", len(children) < 64)
            for child in children: child.kill()
            '
            """);
        var alive = await box.RunAsync(container.Address, "ulimit -n; ulimit -c; df -k --output=size /dev/shm | tail -1");

        Assert.Equal("gave 137", hungry.Output.Split('\n')[^1]);
        Assert.Equal("stopped True", forks.Output);
        Assert.Equal(["16384", "0", "65536"], alive.Output.Split('\n').Select(line => line.Trim()));
        Assert.True((await box.InspectAsync(id)).State!.Running);
    }

    [Fact]
    public async Task The_container_is_what_was_asked_for_and_no_more()
    {
        await using var box = await DockerBox.OpenAsync();
        await box.StartAsync(id);

        var container = await box.InspectAsync(id);

        var host = container.HostConfig!;
        Assert.Equal((128L << 20, 128L << 20, 100_000L, 100_000L, 64L), (host.Memory, host.MemorySwap, host.CPUQuota, host.CPUPeriod, host.PidsLimit));
        Assert.Equal(("none", false, "private", "no"), (host.LogConfig!.Type, host.Privileged, host.IpcMode, "no"));
        Assert.Equal(["ALL"], host.CapDrop);
        Assert.Equal(["/opt/moru/envd"], container.Mounts!.Select(mount => mount.Destination));
        Assert.All(container.Mounts!, mount => Assert.False(mount.RW));
        Assert.Equal(new Dictionary<string, string> { ["moru"] = box.OwnerId, ["moru.sandbox"] = id }, container.Config!.Labels);
        Assert.Equal("/moru-" + id, container.Name);
    }

    [Fact]
    public async Task Sandboxes_cannot_reach_each_other()
    {
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var first = await box.StartAsync(id);
        var second = await box.StartAsync(SandboxId.New());
        await box.AgentAnswersAsync(first.Address);
        await box.AgentAnswersAsync(second.Address);

        var self = await box.RunAsync(first.Address, Connect("127.0.0.1"));
        var other = await box.RunAsync(first.Address, Connect(second.Address.Host));

        Assert.Equal("reached", self.Output);
        Assert.Equal("not reached", other.Output);

        static string Connect(string host) => $"timeout 2 bash -c 'exec 3<>/dev/tcp/{host}/49983' 2>/dev/null && echo reached || echo not reached";
    }

    [Fact]
    public async Task Without_internet_there_is_no_way_out_and_no_name_is_asked_for()
    {
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var container = await box.Engine.StartAsync(box.Spec(id) with { AllowInternet = false }, Node.Cancel);
        await box.AgentAnswersAsync(container.Address);

        var network = (await box.InspectAsync(id)).NetworkSettings!.Networks!.Values.Single().NetworkID;
        var name = await box.RunAsync(container.Address, "timeout 10 getent hosts deb.debian.org || echo unknown");

        // Docker's own firewall closes internal networks.
        Assert.True((await box.Client.Networks.InspectNetworkAsync(network, Node.Cancel)).Internal);
        Assert.Equal("unknown", name.Output);
    }

    [Fact]
    public async Task Root_in_the_sandbox_can_install_packages_and_do_little_else()
    {
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var container = await box.StartAsync(id);
        await box.AgentAnswersAsync(container.Address);

        var install = await box.RunAsync(container.Address,
            """
            set -e; cd /tmp; mkdir -p p/DEBIAN p/usr/local/bin p/var/lib/greeter
            printf 'Package: greeter\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <no@body.invalid>\nDescription: greets\n' > p/DEBIAN/control
            printf '#!/bin/sh\nset -e\nchown 33:33 /var/lib/greeter\nchmod 2755 /var/lib/greeter\n' > p/DEBIAN/postinst; chmod 755 p/DEBIAN/postinst
            printf '#!/bin/sh\necho hello\n' > p/usr/local/bin/greeter; chmod 755 p/usr/local/bin/greeter
            dpkg-deb --build --root-owner-group p greeter.deb >/dev/null
            sudo apt-get install -y ./greeter.deb >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
            greeter; stat -c '%u %a' /var/lib/greeter
            """);
        var denied = await box.RunAsync(container.Address,
            "sudo mknod /tmp/disk b 8 0 2>/dev/null && echo mknod; sudo mount -t tmpfs none /mnt 2>/dev/null && echo mount; sudo unshare -U true 2>/dev/null && echo unshare; "
            + "sudo sh -c 'echo x >> /opt/moru/envd' 2>/dev/null && echo agent; sudo sh -c 'echo 1 > /proc/sys/kernel/panic' 2>/dev/null && echo sys; true");

        Assert.Equal("hello\n33 2755", install.Output);
        Assert.Equal("", denied.Output);
    }

    [Fact]
    public async Task Sudo_adds_nothing_to_what_its_command_prints()
    {
        await using var box = await DockerBox.OpenAsync(DockerBox.BaseImage);
        var container = await box.StartAsync(id);
        await box.AgentAnswersAsync(container.Address);

        Assert.Equal((0, ""), await box.RunAsync(container.Address, "sudo true && sudo -u nobody true && sudo -l >/dev/null"));
        Assert.Equal("refused", (await box.RunAsync(container.Address, "sudo -n true 2>/dev/null || echo refused", user: "nobody")).Output);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("localhost:2375")]
    [InlineData("127.0.0.1:2375")]
    [InlineData("/var/run/docker.sock", "unix:///var/run/docker.sock")]
    [InlineData("unix://")]
    [InlineData("unix:relative.sock")]
    [InlineData("tcp://")]
    [InlineData("tcp://engine", "tcp://engine:2375")]
    [InlineData("tcp://engine:99999")]
    [InlineData("ssh://root@engine", "ssh -L")]
    [InlineData("fd://")]
    [InlineData("file:///var/run/docker.sock")]
    public void An_address_that_is_none_is_refused_with_one_that_would_do(string address, string says = "unix:///var/run/docker.sock")
    {
        var failure = Assert.Throws<RuntimeException>(() => new DockerEngine(address));

        Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);
        Assert.StartsWith($"DOCKER_HOST is '{address}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:///var/run/docker.sock")]
    [InlineData("unix:/run/user/1000/docker.sock")]
    [InlineData("tcp://192.0.2.1:2375")]
    [InlineData("tcp://[::1]:2375")]
    [InlineData("http://engine.example:2375/")]
    [InlineData("https://engine.example:2376")]
    [InlineData("npipe://./pipe/docker_engine")]
    public async Task An_address_of_an_engine_is_taken_as_it_is(string address)
    {
        await using var engine = new DockerEngine(address);

        Assert.Equal(address, engine.Endpoint);
    }

    [Fact]
    public async Task A_missing_engine_is_named()
    {
        await using var engine = new DockerEngine("unix:///nowhere/docker.sock");

        await AssertUnavailableAsync(engine, "unix:///nowhere/docker.sock");
    }

    [Fact]
    public async Task An_engine_that_refuses_the_connection_is_named()
    {
        var endpoint = $"tcp://127.0.0.1:{FreePort()}";
        await using var engine = new DockerEngine(endpoint);

        await AssertUnavailableAsync(engine, endpoint);
    }

    [Fact]
    public async Task An_engine_that_hangs_up_is_not_waited_for()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Node.Cancel);
        var hangUp = Task.Run(
            async () =>
            {
                while (true) (await listener.AcceptTcpClientAsync(over.Token)).Dispose();
            },
            Node.Cancel);
        await using var engine = new DockerEngine(endpoint);

        await AssertUnavailableAsync(engine, endpoint);

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hangUp);
    }

    [Fact]
    public async Task An_engine_that_never_answers_is_given_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = $"tcp://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        await using var engine = new DockerEngine(endpoint)
        {
            QuestionBound = TimeSpan.FromMilliseconds(200),
            ChangeBound = TimeSpan.FromMilliseconds(200),
        };
        var started = Stopwatch.GetTimestamp();

        await AssertUnavailableAsync(engine, endpoint);

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_sandbox_that_can_never_be_frozen_is_named_and_not_the_engine()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var fake = builder.Build();
        fake.Run(call =>
        {
            call.Response.StatusCode = 500;
            return call.Response.WriteAsJsonAsync(new { message = "Cannot pause container x: OCI runtime pause failed: unable to freeze: unknown" });
        });
        var port = FreePort();
        fake.Urls.Add($"http://127.0.0.1:{port}");
        await fake.StartAsync(Node.Cancel);
        await using var engine = new DockerEngine($"tcp://127.0.0.1:{port}") { FreezeBound = TimeSpan.FromMilliseconds(200) };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => engine.PauseAsync(id, Node.Cancel));

        Assert.Equal($"Sandbox '{id}' starts processes faster than they can be frozen; it is tried again.", failure.Message);
    }

    [Fact]
    public async Task Dockers_own_complaint_comes_without_paths_of_this_host()
    {
        await using var box = await DockerBox.OpenAsync();
        var spec = box.Spec(id) with { EnvdPath = "/no/such/agent" };

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => box.Engine.StartAsync(spec, Node.Cancel));

        Assert.Equal(RuntimeError.StartFailed, failure.Error);
        Assert.Contains("bind source path does not exist", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/no/such", failure.Message, StringComparison.Ordinal);
    }

    internal override async Task<EngineBox> OpenAsync() => await DockerBox.OpenAsync();

    private static int FreePort()
    {
        using var reserved = new TcpListener(IPAddress.Loopback, 0);
        reserved.Start();
        return ((IPEndPoint)reserved.LocalEndpoint).Port;
    }

    private static async Task AssertUnavailableAsync(DockerEngine engine, string endpoint)
    {
        var spec = new ContainerSpec
        {
            SandboxId = SandboxId.New(), OwnerId = "nobody", TemplateId = "base", Image = "none", EnvdPath = "/none",
            Limits = new SandboxLimits(1, 64, 0, 64), AllowInternet = true,
        };
        var failures = new[]
        {
            await Assert.ThrowsAsync<RuntimeException>(() => engine.StartAsync(spec, Node.Cancel)),
            await Assert.ThrowsAsync<RuntimeException>(() => engine.RemoveAsync("inone", Node.Cancel)),
            await Assert.ThrowsAsync<RuntimeException>(() => engine.ListAsync("nobody", Node.Cancel)),
        };

        Assert.All(failures, failure =>
        {
            Assert.Equal(RuntimeError.EngineUnavailable, failure.Error);
            Assert.Equal($"Docker Engine does not answer at {endpoint}; start it, or run './moru doctor'.", failure.Message);
        });
        await using var watch = engine.WatchAsync("nobody", Node.Cancel).GetAsyncEnumerator(Node.Cancel);
    }
}
