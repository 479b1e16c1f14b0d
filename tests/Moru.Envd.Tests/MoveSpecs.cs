using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class MoveSpecs(LoopbackEnvd envd) : IClassFixture<LoopbackEnvd>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Folder { get; } = Directory.CreateDirectory($"{envd.Directory}/{Guid.NewGuid():N}").FullName;

    [Fact]
    public async Task A_moved_entry_is_at_its_new_path_below_parents_of_the_user()
    {
        await InFolderAsync("printf hello > file");

        var entry = await MoveAsync("file", "new/deep/name", "nobody");

        Assert.Equal(("name", FileType.File, $"{Folder}/new/deep/name", 5L), (entry.Name, entry.Type, entry.Path, entry.Size));
        Assert.Equal("nobody", await InFolderAsync("test ! -e file && stat -c %U new/deep"));
    }

    [Theory]
    [InlineData("echo new > a; echo old > b", "a", "b", "cat b")]
    [InlineData("mkdir a b; echo new > a/x", "a", "b", "cat b/x")]
    [InlineData("ln -s nowhere a; echo new > b", "a", "b", "readlink b | sed s/nowhere/new/")]
    [InlineData("echo new > a", "a", "a", "cat a")]
    public async Task A_move_replaces_what_rename_replaces(string make, string source, string destination, string look)
    {
        await InFolderAsync(make);

        await MoveAsync(source, destination);

        Assert.Equal("new", await InFolderAsync(look));
    }

    [Theory]
    [InlineData("true", "missing", "x", ConnectCode.NotFound, "does not exist")]
    [InlineData("touch file", "file/below", "x", ConnectCode.NotFound, "does not exist")]
    [InlineData("mkdir a", "a", "a/b", ConnectCode.InvalidArgument, "into itself")]
    [InlineData("touch a; mkdir b", "a", "b", ConnectCode.InvalidArgument, "is a directory")]
    [InlineData("mkdir a; touch b", "a", "b", ConnectCode.InvalidArgument, "is not a directory")]
    [InlineData("mkdir -p a b/c", "a", "b", ConnectCode.InvalidArgument, "not empty")]
    [InlineData("touch a b", "a", "b/c", ConnectCode.InvalidArgument, "parent")]
    public async Task A_move_that_cannot_be_says_why_and_changes_nothing(string make, string source, string destination, ConnectCode code, string why)
    {
        await InFolderAsync(make);
        var before = await InFolderAsync("find . | sort");

        var error = await Assert.ThrowsAsync<ConnectException>(() => MoveAsync(source, destination));

        Assert.Equal(code, error.Code);
        Assert.Contains(why, error.Message);
        Assert.Equal(before, await InFolderAsync("find . | sort"));
    }

    private Task<string> InFolderAsync(string script) => Shell.RunAsync("sh", "-c", $"umask 022; cd {Folder} && {script}");

    private Task<FileEntry> MoveAsync(string source, string destination, string? user = null) =>
        envd.Client.MoveAsync($"{Folder}/{source}", $"{Folder}/{destination}", user, Cancellation);
}

/// <summary>Moves from the disk to the memory file system at <c>/dev/shm</c>.</summary>
public sealed class FarMoveSpecs(DebianEnvd envd) : IClassFixture<DebianEnvd>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tree_keeps_its_content_and_attributes_on_another_file_system()
    {
        await ShAsync("""
            mkdir -p /srv/tree/deep/er /srv/tree/empty; cd /srv/tree
            head -c 3000000 /dev/urandom > deep/random; : > deep/er/nothing; truncate -s 5M sparse; printf end >> sparse
            ln -s nowhere dangling; mkfifo pipe; cp /bin/true set; chown nobody:daemon set deep/random; chmod 4755 set; chmod 1777 empty; chmod 600 deep/random
            touch "$(printf 'b\377d')"; touch -d '2001-02-03 04:05:06.123456789' deep/random empty deep; touch -h -d 2002-02-02 dangling
            """);
        var before = await DescribeAsync("/srv/tree");

        await envd.Client.MoveAsync("/srv/tree", "/dev/shm/there/tree", null, Cancellation);

        Assert.Equal(before, await DescribeAsync("/dev/shm/there/tree"));
        Assert.Equal("tree\n", await ShAsync("ls -A /dev/shm/there; test ! -e /srv/tree"));
        Assert.True(int.Parse(await ShAsync("du -k /dev/shm/there/tree/sparse | cut -f1"), null) < 1000, "holes stay holes");
    }

    [Fact]
    public async Task A_file_is_swapped_for_another_on_another_file_system()
    {
        await ShAsync("echo new > /srv/one; echo old > /dev/shm/one");

        await envd.Client.MoveAsync("/srv/one", "/dev/shm/one", null, Cancellation);

        Assert.Equal("new\n", await ShAsync("cat /dev/shm/one; test ! -e /srv/one"));
    }

    [Theory]
    [InlineData("mkdir -p /srv/a && touch /srv/a/x; mkdir -p /dev/shm/full/x", "/srv/a", "/dev/shm/full", "not empty")]
    [InlineData("mkdir -p /srv/b && touch /srv/b/x; touch /dev/shm/file", "/srv/b", "/dev/shm/file", "is not a directory")]
    [InlineData("true", "/dev", "/dev/shm/dev", "mounted there")]
    [InlineData("mkdir -p /srv/c && cd /srv/c && for i in $(seq 300); do mkdir d && cd d; done", "/srv/c", "/dev/shm/c", "with a command")]
    public async Task A_far_move_that_fails_loses_nothing_and_leaves_nothing(string make, string source, string destination, string why)
    {
        await ShAsync(make);
        var before = await ShAsync($"find {source} -xdev | sort");

        var error = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.MoveAsync(source, destination, null, Cancellation));

        Assert.Contains(why, error.Message);
        Assert.Equal(before, await ShAsync($"find {source} -xdev | sort"));
        Assert.Equal("", await ShAsync("ls -A /dev/shm | grep moving; true"));
    }

    [Fact]
    public async Task A_move_to_a_full_file_system_loses_nothing()
    {
        await ShAsync("head -c 100000000 /dev/urandom > /srv/large"); // /dev/shm has 64 MiB

        var error = await Assert.ThrowsAsync<ConnectException>(() => envd.Client.MoveAsync("/srv/large", "/dev/shm/large", null, Cancellation));

        Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
        Assert.Equal("100000000\n", await ShAsync("stat -c %s /srv/large; ls -A /dev/shm | grep -E 'moving|large'; true"));
    }

    private Task<string> DescribeAsync(string tree) => ShAsync($"""
        cd {tree}; find . ! -type d -printf '%p %y %m %U:%G %s %T@ %l\n' | sort; find . -type d -printf '%p %m %U:%G %T@\n' | sort; find . -type f -exec md5sum {"{}"} + | sort
        """);

    private async Task<string> ShAsync(string script)
    {
        var result = await envd.ShAsync($"umask 022; {script}");
        return result.End.ExitCode == 0 ? result.Stdout : throw new InvalidOperationException(result.Stderr);
    }
}
