using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Moru.Runtime;

/// <summary>Credentials of the control plane, <c>moru_</c> and 40 hex digits. The store keeps only their hashes.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The gate holds nothing to release: its wait handle is never asked for.")]
public sealed class ApiKeys
{
    /// <summary>Name of the file with the first key in the data directory.</summary>
    public const string FileName = "api-key";

    private const string Prefix = "moru_";
    private const int RawBytes = 20;

    private readonly RuntimeStore store;
    private readonly string file;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim gate = new(1, 1);
    private volatile ImmutableHashSet<string> hashes;

    internal ApiKeys(RuntimeStore store, string dataDirectory, TimeProvider time)
    {
        this.store = store;
        this.time = time;
        file = Path.Combine(dataDirectory, FileName);
        hashes = [.. store.KeyHashes()];
    }

    /// <summary>Makes the first key and writes it to the file <c>api-key</c> of the data directory, for its owner only.</summary>
    /// <returns>The new key; null when there is one already.</returns>
    public async Task<string?> EnsureFirstAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!hashes.IsEmpty) return null;

            var raw = RandomNumberGenerator.GetBytes(RawBytes);
            var key = Prefix + Convert.ToHexStringLower(raw);
            // The file first: a crash in between makes another key next time, instead of a key that nobody knows.
            await WriteAsync(key, cancellationToken);
            store.AddKeyHash(Hash(raw), time.GetUtcNow());
            hashes = [Hash(raw)];
            return key;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Whether the text is one of the keys.</summary>
    public bool IsValid(string presented)
    {
        ArgumentNullException.ThrowIfNull(presented);
        if (presented.Length != Prefix.Length + 2 * RawBytes || !presented.StartsWith(Prefix, StringComparison.Ordinal)) return false;

        Span<byte> raw = stackalloc byte[RawBytes];
        var digits = presented.AsSpan(Prefix.Length);
        return Convert.FromHexString(digits, raw, out _, out _) == System.Buffers.OperationStatus.Done && hashes.Contains(Hash(raw));
    }

    private static string Hash(ReadOnlySpan<byte> raw) => "$sha256$" + Convert.ToBase64String(SHA256.HashData(raw)).TrimEnd('=');

    private async Task WriteAsync(string key, CancellationToken cancellationToken)
    {
        var unfinished = file + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var stream = new FileStream(unfinished, options))
        await using (var writer = new StreamWriter(stream))
            await writer.WriteLineAsync(key.AsMemory(), cancellationToken);
        File.Move(unfinished, file, overwrite: true);
    }
}
