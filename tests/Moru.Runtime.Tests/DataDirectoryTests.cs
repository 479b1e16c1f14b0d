using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Moru.Runtime.Tests;

public sealed class DataDirectoryTests
{
    [Fact]
    public async Task A_data_directory_has_one_owner_at_a_time()
    {
        await using var node = await Node.OpenAsync();

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => OpenAgainAsync(node));

        Assert.Equal(RuntimeError.DataDirectoryInUse, failure.Error);
        await node.Runtime.DisposeAsync();
        await using var next = await OpenAgainAsync(node);
    }

    [Fact]
    public async Task Only_its_owner_may_look_inside()
    {
        await using var node = await Node.OpenAsync();

        Assert.Equal("-rwx------", Mode(node.Options.DataDirectory));
    }

    [Fact]
    public async Task A_directory_and_stores_that_others_could_read_are_closed_to_them()
    {
        await using var node = await Node.OpenAsync();
        var directory = node.Options.DataDirectory;
        string[] stores = [RuntimeStore.FileName, ObservationStore.FileName];

        await node.ReopenAsync(between: () =>
        {
            foreach (var path in stores.Select(store => Path.Combine(directory, store)).Append(directory)) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        });

        Assert.Equal("-rwx------", Mode(directory));
        Assert.All(stores.SelectMany(store => Directory.GetFiles(directory, store + "*")), file => Assert.Equal("-rw-------", Mode(file)));
    }

    [Fact]
    public async Task The_owner_id_stays_the_same()
    {
        await using var node = await Node.OpenAsync();
        var owner = node.Runtime.OwnerId;

        await node.ReopenAsync();

        Assert.Matches("^[0-9a-f]{16}$", owner);
        Assert.Equal(owner, node.Runtime.OwnerId);
    }

    [Fact]
    public async Task A_sandbox_keeps_the_agent_it_started_with()
    {
        await using var node = await Node.OpenAsync();
        var created = await node.CreateAsync(TimeSpan.FromHours(1));
        var copies = new EnvdCopies(node.Options.DataDirectory);
        var old = copies.PathOf(created.EnvdDigest);
        Assert.Equal("-rwxr-xr-x", Mode(old));

        await node.ReopenAsync(between: () => File.WriteAllText(node.Options.EnvdPath, "the agent, built anew"));

        var newer = await node.CreateAsync();
        Assert.Equal("the agent", await File.ReadAllTextAsync(old, Node.Cancel));
        Assert.Equal("the agent, built anew", await File.ReadAllTextAsync(copies.PathOf(newer.EnvdDigest), Node.Cancel));
        await node.Sandboxes.KillAsync(created.Id, EndReason.Killed, Node.Cancel);
        await node.ReopenAsync();
        Assert.False(File.Exists(old));
    }

    [Fact]
    public async Task A_missing_agent_is_named()
    {
        await using var node = await Node.OpenAsync();

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.ReopenAsync(between: () => File.Delete(node.Options.EnvdPath)));

        Assert.Equal(RuntimeError.InvalidArgument, failure.Error);
        Assert.Contains("'envd-source'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_left_alone()
    {
        await using var node = await Node.OpenAsync();

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.ReopenAsync(between: () => Execute(node, "PRAGMA user_version = 99")));

        Assert.Equal(RuntimeError.StoreUnusable, failure.Error);
        Assert.Contains("newer Moru", failure.Message, StringComparison.Ordinal);
        Execute(node, $"PRAGMA user_version = {Migrations.Newest}");
        await node.ReopenAsync();
    }

    [Fact]
    public async Task A_damaged_store_is_reported_as_such()
    {
        await using var node = await Node.OpenAsync();

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.ReopenAsync(between: () =>
            File.WriteAllText(Path.Combine(node.Options.DataDirectory, RuntimeStore.FileName), new string('x', 8192))));

        Assert.Equal(RuntimeError.StoreUnusable, failure.Error);
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sandboxes_that_ended_a_week_ago_are_forgotten()
    {
        await using var node = await Node.OpenAsync();
        var old = await node.CreateAsync();
        await node.Sandboxes.KillAsync(old.Id, EndReason.Killed, Node.Cancel);
        await node.ReopenAsync(between: () => node.Clock.Advance(TimeSpan.FromDays(6)));
        var recent = await node.CreateAsync();
        await node.Sandboxes.KillAsync(recent.Id, EndReason.Killed, Node.Cancel);

        await node.ReopenAsync(between: () => node.Clock.Advance(TimeSpan.FromDays(1.1)));

        Assert.Null(node.Stored(old.Id));
        Assert.NotNull(node.Stored(recent.Id));
    }

    private static Task<MoruRuntime> OpenAgainAsync(Node node) =>
        MoruRuntime.OpenAsync(node.Options, node.Engine, node.Clock, NullLoggerFactory.Instance, Node.Cancel);

    private static void Execute(Node node, string text)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(node.Options.DataDirectory, RuntimeStore.FileName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    internal static string Mode(string path)
    {
        var mode = (int)File.GetUnixFileMode(path);
        return "-" + string.Concat(Enumerable.Range(0, 9).Select(bit => (mode & (0b100_000_000 >> bit)) != 0 ? "rwx"[bit % 3] : '-'));
    }
}
