using System.Security.Cryptography;

namespace Moru.Runtime.Tests;

public sealed class ApiKeyTests
{
    [Fact]
    public async Task The_first_key_is_made_once_and_kept_for_its_owner()
    {
        await using var node = await Node.OpenAsync();

        var key = await node.Runtime.Keys.EnsureFirstAsync(Node.Cancel);
        var again = await node.Runtime.Keys.EnsureFirstAsync(Node.Cancel);

        Assert.Matches("^moru_[0-9a-f]{40}$", key);
        Assert.Null(again);
        var file = Path.Combine(node.Options.DataDirectory, "api-key");
        Assert.Equal(key, (await File.ReadAllTextAsync(file, Node.Cancel)).Trim());
        Assert.Equal("-rw-------", DataDirectoryTests.Mode(file));
    }

    [Fact]
    public async Task A_key_stays_valid_and_nothing_else_is()
    {
        await using var node = await Node.OpenAsync();
        var key = (await node.Runtime.Keys.EnsureFirstAsync(Node.Cancel))!;

        await node.ReopenAsync();

        Assert.True(node.Runtime.Keys.IsValid(key));
        string[] wrong = ["", "moru_", key[..^1], key + "0", key[5..], "moru_" + new string('0', 40), "moru_" + new string('z', 40)];
        Assert.All(wrong, text => Assert.False(node.Runtime.Keys.IsValid(text)));
    }

    [Fact]
    public async Task The_store_keeps_only_a_hash()
    {
        await using var node = await Node.OpenAsync();
        var key = (await node.Runtime.Keys.EnsureFirstAsync(Node.Cancel))!;

        await node.Runtime.DisposeAsync();
        using var store = RuntimeStore.Open(node.Options.DataDirectory);

        var hash = Convert.ToBase64String(SHA256.HashData(Convert.FromHexString(key[5..]))).TrimEnd('=');
        Assert.Equal(["$sha256$" + hash], store.KeyHashes());
    }
}
