using Moru.Protocol;

namespace Moru;

/// <summary>Brings one template to the server: asks for a build, uploads what it copies, and starts it.</summary>
internal sealed class TemplateBuild(ApiTransport api, Template template, BuildOptions options)
{
    public async Task<BuildInfo> StartAsync(string alias, CancellationToken cancellationToken)
    {
        var sources = await SourcesAsync(cancellationToken).ConfigureAwait(false); // before anything is asked of the server
        Tell($"Requesting build for template: {alias}");
        var request = ApiTransport.Json(new NewTemplate { Alias = alias, CpuCount = options.CpuCount, MemoryMB = options.MemoryMB }, ApiJson.Default.NewTemplate);
        var requested = await api.SendAsync(HttpMethod.Post, "v3/templates", request, ApiJson.Default.RequestedTemplate, cancellationToken).ConfigureAwait(false);
        Tell($"Template created with ID: {requested.TemplateId}, Build ID: {requested.BuildId}");

        foreach (var source in sources.OfType<Source>().DistinctBy(source => source.Hash))
            await UploadAsync(requested.TemplateId, source, cancellationToken).ConfigureAwait(false);

        var path = $"v2/templates/{UrlSegment.Of(requested.TemplateId)}/builds/{UrlSegment.Of(requested.BuildId)}";
        await api.SendAsync(HttpMethod.Post, path, ApiTransport.Json(ToWire(sources), ApiJson.Default.TemplateBuildStart), cancellationToken).ConfigureAwait(false);
        Tell("Starting building...");
        return new BuildInfo(alias, requested.TemplateId, requested.BuildId) { Template = template };
    }

    /// <summary>What each step copies; null for one that copies nothing.</summary>
    private async Task<IReadOnlyList<Source?>> SourcesAsync(CancellationToken cancellationToken)
    {
        var sources = new List<Source?>();
        foreach (var step in template.Instructions)
        {
            if (step.Copy is not { } copy)
            {
                sources.Add(null);
                continue;
            }

            try
            {
                var files = ContextFiles.Find(template.ContextDirectory, step.Args[0], template.IgnorePatterns, copy.ResolveSymlinks);
                sources.Add(new Source(step, files, await ContextArchive.HashAsync(step.Args[0], step.Args[1], files, cancellationToken).ConfigureAwait(false)));
            }
            catch (Exception error) when (error is InvalidArgumentException or IOException or UnauthorizedAccessException)
            {
                throw new InvalidArgumentException($"{step} ({step.Line}): {error.Message}", error);
            }
        }

        return sources;
    }

    private async Task UploadAsync(string templateId, Source source, CancellationToken cancellationToken)
    {
        var (name, isForced) = (source.Step.Args[0], source.Step.Copy!.ForceUpload);
        try
        {
            var link = await api.SendAsync(
                HttpMethod.Get, $"templates/{UrlSegment.Of(templateId)}/files/{source.Hash}", null, ApiJson.Default.TemplateUpload, cancellationToken).ConfigureAwait(false);
            if (link.Url is not { } url || (link.Present && !isForced))
            {
                Tell($"Skipping upload of '{name}', already cached");
                return;
            }

            var packed = await ContextArchive.PackAsync(source.Files, cancellationToken).ConfigureAwait(false);
            await using (packed.ConfigureAwait(false))
                await api.UploadAsync(new Uri(url), packed, cancellationToken).ConfigureAwait(false);
            Tell($"Uploaded '{name}'");
        }
        catch (Exception error) when (error is SandboxException or IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{source.Step} ({source.Step.Line}): the files cannot be uploaded: {error.Message}", source.Step.Line, error);
        }
    }

    private TemplateBuildStart ToWire(IReadOnlyList<Source?> sources) => new()
    {
        FromImage = template.Image,
        FromTemplate = template.Parent,
        FromImageRegistry = template.Login?.Wire,
        Force = options.SkipCache,
        Steps = [.. template.Instructions.Zip(sources, (step, source) => step.ToWire(source?.Hash))],
        StartCmd = template.StartCommand,
        ReadyCmd = template.Ready?.Text,
    };

    private void Tell(string message) =>
        options.OnBuildLogs?.Invoke(new BuildLogEntry { Timestamp = DateTimeOffset.UtcNow, Message = message, Level = TemplateLogLevel.Info });

    private sealed record Source(TemplateInstruction Step, IReadOnlyCollection<ContextFile> Files, string Hash);
}
