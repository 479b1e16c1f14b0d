using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class RemoveSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Folder { get; } = Directory.CreateDirectory($"{envd.Directory}/{Guid.NewGuid():N}").FullName;

    [Fact]
    public async Task A_tree_goes_and_what_its_links_lead_to_stays()
    {
        await InFolderAsync("mkdir -p tree/a/b keep; touch keep/file tree/a/b/c; ln -s ../keep tree/link; ln -s ../../keep/file tree/a/file; mkfifo tree/pipe; chmod 0 tree/a");

        await RemoveAsync("tree");

        Assert.Equal("keep\nkeep/file", await InFolderAsync("find * | sort"));
    }

    [Fact]
    public async Task A_link_goes_and_its_target_stays()
    {
        await InFolderAsync("mkdir keep; touch keep/file; ln -s keep link");

        await RemoveAsync("link/");

        Assert.Equal("keep\nkeep/file", await InFolderAsync("find * | sort"));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("missing/below")]
    [InlineData("file/below")]
    public async Task What_is_not_there_counts_as_removed(string name)
    {
        await InFolderAsync("touch file");

        await RemoveAsync(name);

        Assert.Equal("file", await InFolderAsync("ls"));
    }

    [Fact]
    public async Task A_tree_deeper_than_any_path_goes()
    {
        await Shell.RunAsync("python3", "-c", $"import os\nos.chdir('{Folder}')\nos.mkdir('deep')\nos.chdir('deep')\nfor i in range(10000):\n open('f','w').close(); os.mkdir('dddddddd'); os.chdir('dddddddd')");

        await RemoveAsync("deep");

        Assert.Equal("", await InFolderAsync("ls -A"));
    }

    [Fact]
    public async Task A_wide_tree_goes_while_others_are_served()
    {
        await Shell.RunAsync("python3", "-c", $"import os\nfor i in range(20000):\n os.makedirs('{Folder}/wide/%d/x' % i)");
        var removals = Enumerable.Range(0, 20).Select(_ => RemoveAsync("wide")).ToArray();

        await envd.Client.HealthAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(2), Cancellation);
        await Task.WhenAll(removals);

        Assert.Equal("", await InFolderAsync("ls -A"));
    }

    [Fact]
    public async Task A_tree_that_others_fill_meanwhile_goes_or_says_so()
    {
        var writer = envd.ShAsync($"mkdir -p {Folder}/busy/in; for i in $(seq 3000); do mkdir -p {Folder}/busy/in/$i; done 2>/dev/null");
        await Eventually.TrueAsync(() => Directory.Exists($"{Folder}/busy/in/1"));

        try
        {
            await RemoveAsync("busy");
        }
        catch (ConnectException error)
        {
            Assert.Equal(ConnectCode.Aborted, error.Code);
        }

        await writer;
        await RemoveAsync("busy");
        Assert.Equal("", await InFolderAsync("ls -A"));
    }

    private Task<string> InFolderAsync(string script) => Shell.RunAsync("sh", "-c", $"umask 022; cd {Folder} && {script}");

    private Task RemoveAsync(string name) => envd.Client.RemoveAsync($"{Folder}/{name}", null, Cancellation);
}

public sealed class SandboxRemoveSpecs(DebianEnvd envd) : IClassFixture<DebianEnvd>
{
    [Theory]
    [InlineData("/", "'/' is a mount point")]
    [InlineData("//..", "'/' is a mount point")]
    [InlineData("/proc", "'/proc' is a mount point")]
    [InlineData("/opt/moru/envd", "'/opt/moru/envd' is a mount point")]
    [InlineData("/opt", "'/opt/moru/envd' in it is a mount point")]
    [InlineData("/proc/1", "Operation not permitted")]
    public async Task What_the_sandbox_needs_stays_untouched(string path, string why)
    {
        await envd.ShAsync("mkdir -p /opt/other; touch /opt/other/file");

        var error = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.RemoveAsync(path, null, TestContext.Current.CancellationToken));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
        Assert.Contains(why, error.Message);
        Assert.Equal(0, (await envd.ShAsync("test -e /opt/other/file")).End.ExitCode);
    }

    [Fact]
    public async Task A_call_without_a_path_moves_and_removes_nothing()
    {
        await envd.ShAsync("touch /root/witness");
        Func<EnvdClient, Task>[] calls =
        [
            client => client.RemoveAsync("", null, TestContext.Current.CancellationToken),
            client => client.MoveAsync("", "/tmp/x", null, TestContext.Current.CancellationToken),
            client => client.MoveAsync("/root/witness", "", null, TestContext.Current.CancellationToken),
        ];

        foreach (var call in calls)
            Assert.Equal(ConnectCode.InvalidArgument, (await Assert.ThrowsAsync<ConnectException>(() => call(envd.Client))).Code);
        Assert.Equal(0, (await envd.ShAsync("test -e /root/witness")).End.ExitCode);
    }
}
