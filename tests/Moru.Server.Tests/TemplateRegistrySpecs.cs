namespace Moru.Server.Tests;

/// <summary>Base images that come from a real registry.</summary>
public sealed class TemplateRegistrySpecs
{
    [Fact]
    public async Task An_image_is_pulled_from_its_registry()
    {
        await using var registry = await LoopbackRegistry.StartAsync(isPrivate: false);
        var image = await registry.PushBaseAsync("team/app:v1", login: false);
        await using var server = await DockerServer.StartAsync();

        await server.BuiltAsync("pulled", new { fromImage = image, steps = new[] { new { type = "RUN", args = new[] { "echo pulled > ~/file" } } } });
        var (missing, _) = await server.BuildAsync("missing", new { fromImage = $"{registry.Host}/team/none:v1" });

        Assert.Equal("pulled", await server.RunAsync(await server.CreateAsync("pulled"), "cat ~/file"));
        Assert.Equal("base", missing.GetProperty("reason").GetProperty("step").GetString());
    }

    [Fact]
    public async Task A_private_registry_wants_the_right_login_a_password_or_the_key_of_a_service_account()
    {
        await using var registry = await LoopbackRegistry.StartAsync(isPrivate: true);
        var image = await registry.PushBaseAsync("secret/app:v1", login: true);
        await using var server = await DockerServer.StartAsync();

        var (without, _) = await server.BuildAsync("private", new { fromImage = image });
        var (wrong, log) = await server.BuildAsync("private", new { fromImage = image, fromImageRegistry = new { type = "registry", username = LoopbackRegistry.User, password = "wr0ng" } });
        await server.BuiltAsync("private", new { fromImage = image, fromImageRegistry = new { type = "registry", username = LoopbackRegistry.User, password = LoopbackRegistry.Password } });

        foreach (var refused in new[] { without, wrong })
        {
            Assert.Equal("error", refused.GetProperty("status").GetString());
            Assert.StartsWith($"failed to pull image '{image}'", refused.GetProperty("reason").GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        await server.BuiltAsync("google", new { fromImage = image, fromImageRegistry = new { type = "gcp", serviceAccountJson = LoopbackRegistry.ServiceAccount } });
        Assert.DoesNotContain(log, line => line.Contains("wr0ng", StringComparison.Ordinal));
    }
}
