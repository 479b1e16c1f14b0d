using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Moru.Runtime.Tests;

public sealed class CredentialTests
{
    private const CredentialKind Key = CredentialKind.ApiKey;
    private const CredentialKind Token = CredentialKind.AccessToken;

    [Fact]
    public async Task The_first_key_is_made_once_and_kept_for_its_owner()
    {
        await using var node = await Node.OpenAsync();
        var key = node.Runtime.LocalKey;

        await node.ReopenAsync();

        Assert.Matches("^moru_[0-9a-f]{40}$", key);
        Assert.Equal(key, node.Runtime.LocalKey);
        Assert.Equal(key, (await File.ReadAllTextAsync(KeyPath(node), Node.Cancel)).Trim());
        Assert.Equal("-rw-------", DataDirectoryTests.Mode(KeyPath(node)));
        Assert.Single(node.Runtime.Credentials.List(node.Runtime.Teams.First.Id, Key));
    }

    [Fact]
    public async Task A_key_stays_valid_and_nothing_else_is()
    {
        await using var node = await Node.OpenAsync();
        var key = node.Runtime.LocalKey;

        await node.ReopenAsync();

        Assert.NotNull(node.Runtime.Credentials.Recognize(Key, key));
        Assert.NotNull(node.Runtime.Credentials.Recognize(Key, "moru_" + key[5..].ToUpperInvariant()));
        string[] wrong = ["", "moru_", key[..^1], key + "0", key[5..], "sk_" + key, "moru_" + new string('0', 40), "moru_" + new string('z', 40), "moru_" + new string('0', 4000)];
        Assert.All(wrong, text => Assert.Null(node.Runtime.Credentials.Recognize(Key, text)));
        Assert.Null(node.Runtime.Credentials.Recognize(Token, key));
    }

    [Fact]
    public async Task The_store_keeps_only_a_hash()
    {
        await using var node = await Node.OpenAsync();
        var key = node.Runtime.LocalKey;

        await node.Runtime.DisposeAsync();

        var stored = Assert.Single(Read(node, "SELECT hash FROM credentials"));
        Assert.Equal("$sha256$" + Convert.ToBase64String(SHA256.HashData(Convert.FromHexString(key[5..]))).TrimEnd('='), stored);
        Assert.All(Directory.GetFiles(node.Options.DataDirectory, RuntimeStore.FileName + "*"), file =>
            Assert.DoesNotContain(key[5..], File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_lies_there_before_the_first_start_is_adopted_whatever_its_length()
    {
        await using var node = await Node.OpenAsync();
        var key = "moru_" + new string('a', 32);

        await node.ReopenAsync(between: () =>
        {
            Directory.Delete(node.Options.DataDirectory, recursive: true);
            Directory.CreateDirectory(node.Options.DataDirectory);
            File.WriteAllText(KeyPath(node), key);
        });

        Assert.Equal(key, node.Runtime.LocalKey);
        Assert.NotNull(node.Runtime.Credentials.Recognize(Key, key));
    }

    [Theory]
    [InlineData("moru_0011223344556677889900112233445566778899")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_key_file_that_is_lost_or_unknown_is_replaced(string? content)
    {
        await using var node = await Node.OpenAsync();
        var old = node.Runtime.LocalKey;

        await node.ReopenAsync(between: () =>
        {
            if (content is null) File.Delete(KeyPath(node));
            else File.WriteAllText(KeyPath(node), content);
        });

        Assert.NotEqual(content, node.Runtime.LocalKey);
        Assert.NotNull(node.Runtime.Credentials.Recognize(Key, node.Runtime.LocalKey));
        Assert.NotNull(node.Runtime.Credentials.Recognize(Key, old));
    }

    [Fact]
    public async Task A_deleted_key_is_refused_at_once_and_after_a_restart()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.First.Id;
        var (made, secret) = node.Runtime.Credentials.Create(team, Key, "ci");

        Assert.True(node.Runtime.Credentials.Delete(team, Key, made.Id));
        Assert.False(node.Runtime.Credentials.Delete(team, Key, made.Id));

        Assert.Null(node.Runtime.Credentials.Recognize(Key, secret));
        await node.ReopenAsync();
        Assert.Null(node.Runtime.Credentials.Recognize(Key, secret));
    }

    [Fact]
    public async Task The_last_use_is_remembered_to_the_minute()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.First.Id;
        var (made, secret) = node.Runtime.Credentials.Create(team, Key, "ci");
        Assert.Null(made.LastUsedAt);

        var first = node.Clock.GetUtcNow();
        node.Runtime.Credentials.Recognize(Key, secret);
        node.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(first, node.Runtime.Credentials.Recognize(Key, secret)!.LastUsedAt);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        node.Runtime.Credentials.Recognize(Key, secret);

        await node.ReopenAsync();
        Assert.Equal(first + TimeSpan.FromMinutes(1), node.Runtime.Credentials.List(team, Key).Single(key => key.Id == made.Id).LastUsedAt);
    }

    [Fact]
    public async Task The_key_of_an_access_token_is_the_same_until_it_is_deleted_and_ends_with_the_token()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.First.Id;
        var credentials = node.Runtime.Credentials;
        var (token, secret) = credentials.Create(team, Token, "laptop");

        var key = credentials.KeyOf(token, secret);
        Assert.Equal(key, credentials.KeyOf(token, secret));
        var made = credentials.Recognize(Key, key)!;
        Assert.Equal(2, credentials.List(team, Key).Count);

        credentials.Delete(team, Key, made.Id);
        var next = credentials.KeyOf(token, secret);
        Assert.NotEqual(key, next);
        Assert.Null(credentials.Recognize(Key, key));

        credentials.Delete(team, Token, token.Id);
        Assert.Null(credentials.Recognize(Key, next));
        await node.ReopenAsync();
        Assert.Null(node.Runtime.Credentials.Recognize(Key, next));
        Assert.Single(node.Runtime.Credentials.List(team, Key));
    }

    [Fact]
    public async Task A_team_has_a_bounded_number_of_credentials()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.Create("many").Id;
        for (var i = 0; i < 1000; i++) node.Runtime.Credentials.Create(team, Key, "one of many");

        var failure = Assert.Throws<RuntimeException>(() => node.Runtime.Credentials.Create(team, Token, "one too many"));

        Assert.Equal(RuntimeError.LimitReached, failure.Error);
    }

    private static string KeyPath(Node node) => Path.Combine(node.Options.DataDirectory, KeyFile.Name);

    internal static List<string> Read(Node node, string text)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(node.Options.DataDirectory, RuntimeStore.FileName)};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        using var reader = command.ExecuteReader();
        var values = new List<string>();
        while (reader.Read()) values.Add(reader.GetString(0));
        return values;
    }
}
