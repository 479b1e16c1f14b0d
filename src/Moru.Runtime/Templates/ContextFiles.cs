using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>Files that COPY steps need, uploaded before the build: each content once, found by the hash that the client gave it, per team.</summary>
public sealed partial class ContextFiles : IDisposable
{
    private const int NoSpace = 28; // ENOSPC

    private static readonly TimeSpan GrantLife = TimeSpan.FromHours(1);

    private readonly UploadTurns turns;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly RuntimeStore store;
    private readonly RuntimeOptions options;
    private readonly TimeProvider time;
    private readonly string directory;
    private readonly byte[] secret;

    internal ContextFiles(RuntimeStore store, RuntimeOptions options, string dataDirectory, TimeProvider time)
    {
        this.store = store;
        this.options = options;
        this.time = time;
        turns = new UploadTurns((int)Math.Max(1, options.MaxKeptArchiveBytes / options.MaxArchiveBytes));
        directory = Path.Combine(dataDirectory, "template-files");
        Directory.CreateDirectory(directory);
        foreach (var unfinished in Directory.EnumerateFiles(directory, "*.new")) File.Delete(unfinished);
        secret = store.Setting("upload-secret", () => RandomNumberGenerator.GetBytes(32));
    }

    /// <summary>Packed files can be no larger than unpacked ones may be.</summary>
    public long MaxUploadBytes => options.MaxArchiveBytes;

    /// <summary>Whether the team has uploaded files of this hash, and they are still there.</summary>
    public bool Has(string teamId, string hash) => Find(teamId, hash) is not null;

    /// <summary>Permission to upload files of this hash for an hour, as the query of a URL.</summary>
    public string Grant(string teamId, string hash)
    {
        if (!HashForm().IsMatch(hash)) throw new RuntimeException(RuntimeError.InvalidArgument, "a files hash is up to 128 letters, digits, '-' and '_'");
        var expires = (time.GetUtcNow() + GrantLife).ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"team={Uri.EscapeDataString(teamId)}&expires={expires}&signature={Sign(teamId, hash, expires)}");
    }

    /// <summary>Whether a URL with these values came from <see cref="Grant"/> and is not too old.</summary>
    public bool IsGranted(string? teamId, string hash, string? expires, string? signature) =>
        teamId is not null && signature is not null
        && long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var end) && end > time.GetUtcNow().ToUnixTimeSeconds()
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Sign(teamId, hash, end)));

    /// <summary>Takes an uploaded tar.gz when it is its turn. It is there whole or not at all.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="RuntimeError.InvalidArgument"/>: it cannot be unpacked safely, or took longer than its permission lasts;
    /// <see cref="RuntimeError.LimitReached"/>: too many uploads wait; <see cref="RuntimeError.StorageFull"/>: the server's disk has no room for it.
    /// </exception>
    public async Task AddAsync(string teamId, string hash, Stream archive, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(GrantLife, time);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await turns.TakeAsync(teamId, () => StoreAsync(teamId, hash, archive, bound.Token), bound.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RuntimeException(RuntimeError.InvalidArgument, $"The upload took longer than {GrantLife.TotalMinutes:0} minutes; ask for a new URL.");
        }
        catch (IOException failure) when (failure.HResult == NoSpace)
        {
            throw new RuntimeException(RuntimeError.StorageFull, "The server's disk has no room for the files of the build; its operator can make some.", failure);
        }
    }

    public void Dispose()
    {
        gate.Dispose();
        turns.Dispose();
    }

    internal StoredArchive? Find(string teamId, string hash) =>
        store.Templates(rows => rows.FindFiles(teamId, hash, time.GetUtcNow())) is { } stored && File.Exists(PathOf(stored)) ? stored : null;

    internal FileStream Open(StoredArchive stored) => File.OpenRead(PathOf(stored));

    private async Task<StoredArchive> StoreAsync(string teamId, string hash, Stream archive, CancellationToken cancellationToken)
    {
        var unfinished = Path.Combine(directory, Guid.NewGuid().ToString("N") + ".new");
        try
        {
            var stored = await WriteAsync(unfinished, archive, cancellationToken);
            await gate.WaitAsync(cancellationToken);
            try
            {
                File.Move(unfinished, PathOf(stored), overwrite: true);
                var named = store.Templates(rows =>
                {
                    rows.SaveFiles(teamId, hash, stored, time.GetUtcNow());
                    return rows.PruneFiles(options.MaxKeptArchiveBytes);
                }).ToHashSet();
                foreach (var file in Directory.EnumerateFiles(directory, "*.tar"))
                    if (!named.Contains(Path.GetFileNameWithoutExtension(file))) File.Delete(file);
            }
            finally
            {
                gate.Release();
            }

            return stored;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private async Task<StoredArchive> WriteAsync(string path, Stream archive, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous, BufferSize = 64 << 10 });
        await ContextArchive.CopyAsync(archive, file, options.MaxArchiveBytes, cancellationToken);
        // Read again: the writer goes back to fill in sizes, so nothing could be hashed on the way.
        file.Position = 0;
        return new StoredArchive(Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)), file.Length);
    }

    private string PathOf(StoredArchive stored) => Path.Combine(directory, stored.Digest + ".tar");

    private string Sign(string teamId, string hash, long expires) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{teamId}\n{hash}\n{expires}"))));

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,128}\z")]
    private static partial Regex HashForm();
}
