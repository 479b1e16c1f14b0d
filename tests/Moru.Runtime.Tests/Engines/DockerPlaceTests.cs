using Docker.DotNet.Models;

namespace Moru.Runtime.Tests;

public sealed class DockerPlaceTests
{
    [Theory]
    [InlineData("Debian GNU/Linux 12 (bookworm)", "6.1.0-13-amd64", "name=seccomp,profile=default", false)]
    [InlineData("Docker Desktop", "6.1.0-13-amd64", "name=seccomp,profile=default", true)]
    [InlineData("Ubuntu 24.04 LTS", "6.8.0-31-generic", "name=seccomp,profile=default", true)]
    [InlineData("Debian GNU/Linux 12 (bookworm)", "6.1.0-13-amd64", "name=rootless", true)]
    public void An_engine_is_apart_when_it_has_a_kernel_or_a_network_of_its_own(string system, string kernel, string security, bool apart)
    {
        var engine = new SystemInfoResponse { OperatingSystem = system, KernelVersion = kernel, SecurityOptions = [security] };

        Assert.Equal(apart, DockerPlace.IsApart(engine, "6.1.0-13-amd64"));
    }
}
