namespace Moru.Runtime.Tests;

public sealed class TemplateImageNames
{
    [Theory]
    [InlineData("python:3.11", "python:3.11")]
    [InlineData("node:lts", "node:lts")]
    [InlineData("ubuntu:22.04", "ubuntu:22.04")]
    [InlineData("debian", "debian:latest")]
    [InlineData("oven/bun", "oven/bun:latest")]
    [InlineData("nginx:alpine", "nginx:alpine")]
    [InlineData(" localhost:5000/team/app ", "localhost:5000/team/app:latest")]
    [InlineData("127.0.0.1:5000/app:v1", "127.0.0.1:5000/app:v1")]
    [InlineData("ghcr.io/moru-ai/base", "moru/base:latest")]
    [InlineData("ghcr.io/moru-ai/base:v2", "moru/base:latest")]
    public void A_name_becomes_what_the_engine_is_asked_for(string name, string image) => Assert.Equal(image, ImageName.Resolve(name));

    [Fact]
    public void A_digest_needs_no_tag()
    {
        var image = "debian@sha256:" + new string('a', 64);

        Assert.Equal(image, ImageName.Resolve(image));
        Assert.Equal(("debian", "sha256:" + new string('a', 64)), (ImageName.Split(image).Repository, ImageName.Split(image).Tag));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Python")]
    [InlineData("a b")]
    [InlineData("a//b")]
    [InlineData("../x")]
    [InlineData("x:tag:tag")]
    [InlineData("--privileged")]
    [InlineData("moru-template/layer:0")]
    public void What_is_no_name_of_an_image_is_refused(string name) =>
        Assert.Equal(RuntimeError.InvalidArgument, Assert.Throws<RuntimeException>(() => ImageName.Resolve(name)).Error);

    [Theory]
    [InlineData("python:3.11", "https://index.docker.io/v1/")]
    [InlineData("oven/bun:latest", "https://index.docker.io/v1/")]
    [InlineData("localhost/app:latest", "localhost")]
    [InlineData("127.0.0.1:5000/app:v1", "127.0.0.1:5000")]
    [InlineData("123.dkr.ecr.eu-west-1.amazonaws.com/app:v1", "123.dkr.ecr.eu-west-1.amazonaws.com")]
    public void A_login_is_for_the_registry_of_the_image(string image, string registry) => Assert.Equal(registry, ImageName.Registry(image));

    [Fact]
    public void Amazon_is_asked_with_the_signature_that_its_own_library_makes()
    {
        using var request = AmazonLogin.Request(new RegistryAccess.Amazon("AKID", "secret-key", "eu-west-1"), new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));

        // What Amazon's own library (botocore 1.29) sends for the same.
        Assert.Equal(
            "AWS4-HMAC-SHA256 Credential=AKID/20260504/eu-west-1/ecr/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
            + "Signature=2416272bc7a194b43af22738c7f3b0ff1b905cc8ff69c5cc346106fca459394b",
            request.Headers.GetValues("Authorization").Single());
        Assert.Equal("https://api.ecr.eu-west-1.amazonaws.com/", request.RequestUri!.ToString());
    }
}
