using Microsoft.Data.Sqlite;

namespace Moru.Runtime.Tests;

public sealed class TeamTests
{
    [Fact]
    public async Task What_an_older_version_left_belongs_to_the_first_team()
    {
        await using var node = await Node.OpenAsync();
        var key = node.Runtime.LocalKey;
        var sandbox = await node.CreateAsync(TimeSpan.FromHours(1));

        await node.ReopenAsync(between: () => TakeBack(node));

        var first = node.Runtime.Teams.First;
        Assert.Single(node.Runtime.Teams.List());
        Assert.True(Guid.TryParse(first.Id, out _));
        Assert.Equal(first.Id, Assert.Single(node.Sandboxes.List()).TeamId);
        Assert.Equal((sandbox.Id, first.Id), (node.Sandboxes.Find(first.Id, sandbox.Id)!.Id, node.Runtime.Credentials.Recognize(CredentialKind.ApiKey, key)!.TeamId));
        Assert.Equal(key, node.Runtime.LocalKey);
    }

    [Fact]
    public async Task Teams_are_kept_in_the_order_they_were_made()
    {
        await using var node = await Node.OpenAsync();
        var made = node.Runtime.Teams.Create("second");
        node.Runtime.Teams.Create("third");
        node.Runtime.Teams.Change(made.Id, "renamed", isBlocked: true);

        await node.ReopenAsync();

        Assert.Equal([("default", false), ("renamed", true), ("third", false)], node.Runtime.Teams.List().Select(team => (team.Name, team.IsBlocked)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\nb")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x")]
    public async Task A_name_must_be_fit_to_be_shown(string name)
    {
        await using var node = await Node.OpenAsync();

        var failure = Assert.Throws<RuntimeException>(() => node.Runtime.Teams.Create(name));

        Assert.Equal(RuntimeError.InvalidArgument, failure.Error);
    }

    [Fact]
    public async Task Paused_sandboxes_do_not_count_towards_the_limit_of_a_team()
    {
        await using var node = await Node.OpenAsync(options => options with { Limits = new TeamLimits { Sandboxes = 1 } });
        var paused = await node.CreateAsync(TimeSpan.FromHours(1));
        await node.Sandboxes.PauseAsync(paused.Id, Node.Cancel);
        await node.CreateAsync(TimeSpan.FromHours(1));

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.Sandboxes.ConnectAsync(paused.Id, TimeSpan.FromHours(1), Node.Cancel));

        Assert.Equal(RuntimeError.LimitReached, failure.Error);
        Assert.Contains("which is 1;", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_that_is_too_large_for_the_team_is_refused()
    {
        await using var node = await Node.OpenAsync(options => options with { Limits = new TeamLimits { MemoryMB = 512 } });

        var failure = await Assert.ThrowsAsync<RuntimeException>(() => node.CreateAsync());

        Assert.Equal(RuntimeError.InvalidArgument, failure.Error);
        Assert.Contains("1024 MiB of memory; the team may use 512", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_are_kept_for_a_week_and_idle_teams_take_no_room()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.First.Id;
        await node.CreateAsync(TimeSpan.FromHours(1));
        await SampledAsync(node, team, samples => samples is [{ ConcurrentSandboxes: 1, StartRate: > 0 }]);

        await node.Sandboxes.KillAsync(node.Sandboxes.List()[0].Id, EndReason.Killed, Node.Cancel);
        await SampledAsync(node, team, samples => samples is [_, .., { ConcurrentSandboxes: 0, StartRate: 0 }]);
        node.Clock.Advance(TimeSpan.FromDays(8));
        var later = node.Clock.GetUtcNow();
        await node.CreateAsync(TimeSpan.FromHours(1));
        await SampledAsync(node, team, samples => samples.Count > 0);

        Assert.All(CredentialTests.Read(node, "SELECT CAST(at AS TEXT) FROM team_metrics"), at => Assert.True(long.Parse(at) >= later.ToUnixTimeSeconds()));
    }

    /// <summary>Lets time pass by half minutes until the samples of the last hour are such.</summary>
    private static Task SampledAsync(Node node, string team, Func<IReadOnlyList<TeamSample>, bool> expected) => Eventually.TrueAsync(() =>
    {
        if (expected(node.Runtime.TeamMetrics.Load(team, node.Clock.GetUtcNow() - TimeSpan.FromHours(1), null))) return true;
        node.Clock.Advance(TimeSpan.FromSeconds(30));
        return false;
    });

    /// <summary>Writes the store anew, in the last form that knew no teams.</summary>
    private static void TakeBack(Node node)
    {
        const int FormWithoutTeams = 3;
        var file = Path.Combine(node.Options.DataDirectory, RuntimeStore.FileName);
        File.Move(file, file + ".now");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Migrations.Apply(connection, FormWithoutTeams);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(name) FROM pragma_table_info('sandboxes')";
        var columns = (string)command.ExecuteScalar()!;
        command.CommandText =
            $"""
            ATTACH '{file}.now' AS now;
            INSERT INTO settings SELECT * FROM now.settings;
            INSERT INTO api_keys SELECT hash, created_at FROM now.credentials;
            INSERT INTO sandboxes ({columns}) SELECT {columns} FROM now.sandboxes;
            """;
        command.ExecuteNonQuery();
    }
}
