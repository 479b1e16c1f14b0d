namespace Moru.Runtime;

/// <summary>
/// The file <c>api-key</c> of the data directory: the key by which clients on this machine work for the first team. Whoever can read it
/// can read the store as well.
/// </summary>
public static class KeyFile
{
    /// <summary>Its name.</summary>
    public const string Name = "api-key";

    private const string KeyName = "key of this machine";
    private const int FewestDigits = 32;

    /// <summary>
    /// Reads the key. A new one takes its place when there is none or it was deleted; one that was put there before the first start
    /// is adopted.
    /// </summary>
    internal static async Task<string> EnsureAsync(string dataDirectory, Credentials credentials, Team first, CancellationToken cancellationToken)
    {
        var file = Path.Combine(dataDirectory, Name);
        var key = File.Exists(file) ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : "";
        if (credentials.LookUp(CredentialKind.ApiKey, key) is not null) return key;

        if (!credentials.IsEmpty || !MayBeAdopted(key))
        {
            key = Secret.New(CredentialKind.ApiKey);
            // The file first: a crash in between makes another key next time, instead of a key that nobody knows.
            DataFile.Write(file, key, DataFile.Private);
        }

        credentials.Add(Guid.NewGuid().ToString(), first.Id, CredentialKind.ApiKey, KeyName, key, parentId: null);
        return key;
    }

    private static bool MayBeAdopted(string key) =>
        Secret.HashOrDefault(CredentialKind.ApiKey, key) is not null && key.Length >= Secret.PrefixOf(CredentialKind.ApiKey).Length + FewestDigits;
}
