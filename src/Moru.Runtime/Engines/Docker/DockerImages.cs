using System.Net;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>Images: making them of containers, getting them from registries, removing them.</summary>
internal sealed class DockerImages(DockerClient client, DockerErrors errors)
{
    /// <summary>Large layers take their time to be written.</summary>
    private static readonly TimeSpan CommitBound = TimeSpan.FromMinutes(10);

    /// <summary>The engine walks over all that was written.</summary>
    private static readonly TimeSpan MeasureBound = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan PullBound = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan QuestionBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RemovalBound = TimeSpan.FromMinutes(1);

    // What a container of ours has of its own must not become the image's.
    private static readonly string[] Neutral =
        ["ENTRYPOINT []", "CMD [\"/bin/bash\"]", "USER root", $"LABEL {DockerSpec.OwnerLabel}=\"\" {DockerSpec.SandboxLabel}=\"\""];

    public Task<string> CommitAsync(string sandboxId, string image, CancellationToken cancellationToken) => errors.CallAsync(
        CommitBound,
        async limit =>
        {
            var (repository, tag) = ImageName.Split(image);
            var committed = await client.Images.CommitContainerChangesAsync(
                new CommitContainerChangesParameters
                {
                    ContainerID = DockerSpec.ContainerName(sandboxId), RepositoryName = repository, Tag = tag, Pause = true, Changes = Neutral,
                },
                limit);
            return committed.ID;
        },
        cancellationToken);

    public Task<long> WrittenBytesAsync(string sandboxId, CancellationToken cancellationToken) => errors.CallAsync(
        MeasureBound,
        async limit => (await client.Containers.InspectContainerAsync(DockerSpec.ContainerName(sandboxId), new ContainerInspectParameters { IncludeSize = true }, limit)).SizeRw ?? 0,
        cancellationToken);

    public Task<EngineImage?> FindAsync(string image, CancellationToken cancellationToken) => errors.CallAsync<EngineImage?>(
        QuestionBound,
        async limit =>
        {
            try
            {
                var found = await client.Images.InspectImageAsync(image, limit);
                return new EngineImage(found.ID, Env(found.Config?.Env));
            }
            catch (DockerApiException missing) when (missing.StatusCode is HttpStatusCode.NotFound)
            {
                return null;
            }
        },
        cancellationToken);

    public async Task<EngineImage> PullAsync(string image, RegistryLogin? login, CancellationToken cancellationToken)
    {
        var (repository, tag) = ImageName.Split(image);
        var progress = new PullProgress();
        try
        {
            await errors.CallAsync(
                PullBound,
                limit => client.Images.CreateImageAsync(
                    new ImagesCreateParameters { FromImage = repository, Tag = tag },
                    login is null ? null : new AuthConfig { Username = login.Username, Password = login.Password, ServerAddress = ImageName.Registry(image) },
                    progress, limit),
                cancellationToken);
        }
        catch (RuntimeException refused) when (refused.Error is RuntimeError.StartFailed)
        {
            throw Unavailable(image, refused.Message, refused);
        }

        // Once the answer has begun, Docker tells of failures in its text.
        if (progress.Error is { } error) throw Unavailable(image, DockerErrors.CleanText(error), null);
        return await FindAsync(image, cancellationToken) ?? throw Unavailable(image, "the engine does not have it after the pull", null);
    }

    public Task<bool> RemoveAsync(string image, CancellationToken cancellationToken) => errors.CallAsync(
        RemovalBound,
        async limit =>
        {
            try
            {
                await client.Images.DeleteImageAsync(image, new ImageDeleteParameters { Force = false }, limit);
                return true;
            }
            catch (DockerApiException missing) when (missing.StatusCode is HttpStatusCode.NotFound)
            {
                return true;
            }
            catch (DockerApiException inUse) when (inUse.StatusCode is HttpStatusCode.Conflict)
            {
                return false;
            }
        },
        cancellationToken);

    /// <summary>An environment as Docker writes it, without PATH.</summary>
    public static Dictionary<string, string> Env(IList<string>? lines) =>
        (lines ?? []).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2 && pair[0] != "PATH").ToDictionary(pair => pair[0], pair => pair[1]);

    private static RuntimeException Unavailable(string image, string problem, Exception? cause) =>
        new(RuntimeError.ImageUnavailable, $"failed to pull image '{image}': {problem}", cause);

    /// <summary>Only the failure: <see cref="Progress{T}"/> would report it after the call's end.</summary>
    private sealed class PullProgress : IProgress<JSONMessage>
    {
        public string? Error { get; private set; }

        public void Report(JSONMessage value) => Error ??= value.Error?.Message;
    }
}
