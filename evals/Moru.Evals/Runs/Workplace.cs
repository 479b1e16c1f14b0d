namespace Moru.Evals;

/// <summary>Where a task begins: a sandbox with its files, and what the task has on the server besides. <b>Disposing removes it all.</b></summary>
internal sealed class Workplace : IAsyncDisposable
{
    /// <summary>How long an attempt may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly MoruClient client;
    private readonly EvalTask task;

    private Workplace(MoruClient client, EvalTask task, Sandbox sandbox) => (this.client, this.task, Sandbox) = (client, task, sandbox);

    public Sandbox Sandbox { get; }

    public static async Task<Workplace> PrepareAsync(MoruClient client, EvalTask task, CancellationToken cancellationToken)
    {
        await RemoveAsync(client, task); // what a run that was stopped has left
        if (task.VolumeFiles is { } files)
        {
            var volume = await client.CreateVolumeAsync(task.Volume!, cancellationToken);
            foreach (var (path, text) in files) await volume.UploadAsync(path, text, cancellationToken);
        }

        var options = new SandboxOptions { Timeout = Limit, Metadata = new Dictionary<string, string> { ["eval"] = task.Id } };
        var place = new Workplace(client, task, await client.CreateSandboxAsync(task.Template, options, cancellationToken));
        try
        {
            await place.Sandbox.Files.WriteFilesAsync(task.Files.Select(file => new WriteEntry(file.Key, file.Value)), cancellationToken: cancellationToken);
            if (task.Setup is { } setup) await place.Sandbox.Commands.RunAsync(setup, new() { User = "root", Cwd = "/home/user" }, cancellationToken);
            return place;
        }
        catch
        {
            await place.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        await RemoveAsync(client, task);
    }

    private static async Task RemoveAsync(MoruClient client, EvalTask task)
    {
        if (task.Builds is { } template)
        {
            await foreach (var sandbox in client.ListSandboxesAsync())
            {
                if (sandbox.Name == template) await client.KillSandboxAsync(sandbox.SandboxId);
            }

            await client.DeleteTemplateAsync(template);
        }

        if (task.Volume is { } volume) await client.DeleteVolumeAsync(volume);
    }
}
