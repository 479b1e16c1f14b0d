using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class EntrySpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stat_tells_about_a_link_what_its_target_is()
    {
        await InFolderAsync("printf hello > file; chmod 640 file; chown nobody file; ln -s file link; ln -s link chain; ln -s nowhere dangling");

        var chain = await StatAsync("chain");
        Assert.Equal((FileType.File, Convert.ToUInt32("640", 8), "Lrwxrwxrwx"), (chain.Type, chain.Mode, chain.Permissions));
        Assert.Equal((4L, $"{Folder}/file", "root"), (chain.Size, chain.SymlinkTarget, chain.Owner));
        var dangling = await StatAsync("dangling");
        Assert.Equal((FileType.Unspecified, null), (dangling.Type, dangling.SymlinkTarget));
    }

    [Theory]
    [InlineData("/etc/", "/etc", "etc")]
    [InlineData("/etc/../usr/./bin/", "/usr/bin", "bin")]
    [InlineData("//", "/", "/")]
    public async Task Stat_answers_with_a_clean_path(string asked, string path, string name)
    {
        var entry = await envd.Client.StatAsync(asked, null, Cancellation);

        Assert.Equal((path, name), (entry.Path, entry.Name));
    }

    [Theory]
    [InlineData("/no/such/file")]
    [InlineData("/etc/passwd/below")]
    public async Task Stat_finds_nothing_where_nothing_is(string path)
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.StatAsync(path, null, Cancellation));

        Assert.Equal((ConnectCode.NotFound, $"path '{path}' does not exist"), (error.Code, error.Message));
    }

    [Fact]
    public async Task Whoever_follows_a_dangling_link_is_told_where_it_leads()
    {
        await InFolderAsync("ln -s ../nowhere dangling; ln -s dangling chain");

        Assert.Equal($"path '{Folder}/dangling' does not exist: it is a symbolic link to '../nowhere', which leads nowhere", await FollowAsync("dangling"));
        Assert.Equal($"path '{Folder}/chain' does not exist: it is a symbolic link to 'dangling', which leads nowhere", await FollowAsync("chain"));
        Assert.Equal($"path '{Folder}/dangling/below' does not exist", await FollowAsync("dangling/below"));

        async Task<string> FollowAsync(string name)
        {
            var read = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.OpenFileAsync($"{Folder}/{name}", null, Cancellation));
            var listed = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.ListDirectoryAsync(new ListDirRequest($"{Folder}/{name}", 1), null, Cancellation));
            Assert.Equal((404, ConnectCode.NotFound, read.Message), (read.HttpStatus, listed.Code, listed.Message));
            return read.Message;
        }
    }

    [Fact]
    public async Task Stat_answers_while_a_path_is_too_long()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.StatAsync("/" + new string('x', 5000), null, Cancellation));

        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
    }

    [Fact]
    public async Task A_new_directory_and_its_new_parents_belong_to_the_user()
    {
        var path = $"{Folder}/a/b/c";

        var entry = await envd.Client.MakeDirectoryAsync(path, "nobody", Cancellation);

        Assert.Equal(("c", FileType.Directory, path), (entry.Name, entry.Type, entry.Path));
        Assert.Equal("nobody 755\nnobody 755\nroot", await Shell.RunAsync("sh", "-c", $"stat -c '%U %a' {path} {Folder}/a; stat -c %U {Folder}"));
    }

    [Theory]
    [InlineData("mkdir x", ConnectCode.AlreadyExists)]
    [InlineData("ln -s /tmp x", ConnectCode.AlreadyExists)]
    [InlineData("touch x", ConnectCode.InvalidArgument)]
    [InlineData("ln -s nowhere x", ConnectCode.InvalidArgument)]
    public async Task A_directory_is_not_made_where_something_stands(string make, ConnectCode code)
    {
        await InFolderAsync(make);

        Assert.Equal(code, await FailureAsync(client => client.MakeDirectoryAsync($"{Folder}/x", null, Cancellation)));
    }

    [Fact]
    public async Task A_directory_is_not_made_below_a_file()
    {
        await InFolderAsync("touch file");

        Assert.Equal(ConnectCode.InvalidArgument, await FailureAsync(client => client.MakeDirectoryAsync($"{Folder}/file/x", null, Cancellation)));
    }

    [Fact]
    public async Task Of_many_who_make_one_directory_exactly_one_has_made_it()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => OutcomeAsync()));

        Assert.Equal(1, outcomes.Count(code => code is null));
        Assert.Equal(39, outcomes.Count(code => code is ConnectCode.AlreadyExists));

        async Task<ConnectCode?> OutcomeAsync()
        {
            try
            {
                await envd.Client.MakeDirectoryAsync($"{Folder}/many/deep/one", null, Cancellation);
                return null;
            }
            catch (ConnectException error)
            {
                return error.Code;
            }
        }
    }

    [Fact]
    public async Task Names_that_are_not_text_are_listed_and_removed_with_their_directory()
    {
        await InFolderAsync("mkdir odd; touch \"$(printf 'odd/b\\377d')\" odd/plain; mkdir \"$(printf 'odd/d\\376')\"; touch \"$(printf 'odd/d\\376/inner')\"");

        var entries = await envd.Client.ListDirectoryAsync(new ListDirRequest($"{Folder}/odd", 3), null, Cancellation);
        await envd.Client.RemoveAsync($"{Folder}/odd", null, Cancellation);

        Assert.Equal([("b\uFFFDd", FileType.File), ("d\uFFFD", FileType.Directory), ("plain", FileType.File)], entries.Select(entry => (entry.Name, entry.Type)));
        Assert.False(Directory.Exists($"{Folder}/odd"));
    }

    private string Folder { get; } = Directory.CreateDirectory($"{envd.Directory}/{Guid.NewGuid():N}").FullName;

    private Task<string> InFolderAsync(string script) => Shell.RunAsync("sh", "-c", $"umask 022; cd {Folder} && {script}");

    private Task<FileEntry> StatAsync(string name) => envd.Client.StatAsync($"{Folder}/{name}", null, Cancellation);

    private async Task<ConnectCode> FailureAsync(Func<EnvdClient, Task> call) => (await Assert.ThrowsAsync<ConnectException>(() => call(envd.Client))).Code;
}
