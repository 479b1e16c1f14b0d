using System.Security.Cryptography;
using System.Text;

namespace Moru.Runtime;

/// <summary>An open data directory: its lock, its stores, and what was made up once for all that is recorded in it.</summary>
internal sealed class RuntimeData : IDisposable
{
    private readonly DataDirectory directory;

    private RuntimeData(DataDirectory directory, RuntimeStore store, ObservationStore observations)
    {
        this.directory = directory;
        Store = store;
        Observations = observations;
        OwnerId = Encoding.ASCII.GetString(store.Setting("owner", () => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(16, lowercase: true))));
        Seed = store.Setting("seed", () => RandomNumberGenerator.GetBytes(32));
    }

    public string Path => directory.Path;

    public RuntimeStore Store { get; }

    public ObservationStore Observations { get; }

    /// <inheritdoc cref="MoruRuntime.OwnerId"/>
    public string OwnerId { get; }

    /// <summary>What the tokens of sandboxes are derived from.</summary>
    public byte[] Seed { get; }

    /// <exception cref="RuntimeException"><see cref="RuntimeError.DataDirectoryInUse"/>; <see cref="RuntimeError.StoreUnusable"/>.</exception>
    public static RuntimeData Open(string dataDirectory)
    {
        var directory = DataDirectory.Open(dataDirectory);
        RuntimeStore? store = null;
        ObservationStore? observations = null;
        try
        {
            store = RuntimeStore.Open(directory.Path);
            observations = ObservationStore.Open(directory.Path);
            return new RuntimeData(directory, store, observations);
        }
        catch
        {
            observations?.Dispose();
            store?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Observations.Dispose();
        Store.Dispose();
        directory.Dispose();
    }
}
