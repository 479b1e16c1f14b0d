namespace Moru.Sdk.Tests;

/// <summary>Names that a path would take for a directory of its own name nothing.</summary>
public sealed class DotNames(ServerFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [".", ".."];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task There_is_no_such_sandbox(string name)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.GetSandboxInfoAsync(name, Cancelled));
        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.ConnectSandboxAsync(name, cancellationToken: Cancelled));
        Assert.False(await fixture.Client.KillSandboxAsync(name, Cancelled));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task There_is_no_such_template(string name)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.GetTemplateBuildStatusAsync(new BuildInfo("x", name, Guid.NewGuid().ToString()), cancellationToken: Cancelled));
        Assert.False(await fixture.Client.DeleteTemplateAsync(name, Cancelled));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task There_is_no_such_volume(string name)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => fixture.Client.GetVolumeAsync(name, Cancelled));
        Assert.False(await fixture.Client.DeleteVolumeAsync(name, Cancelled));
    }
}
