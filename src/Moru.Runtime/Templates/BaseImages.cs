namespace Moru.Runtime;

/// <summary>The image that a build starts from: the engine's own when the team may use it, else from the registry.</summary>
internal sealed class BaseImages(RuntimeStore store, IContainerEngine engine)
{
    private const int MostNamed = 50;

    public async Task<EngineImage> GetAsync(string teamId, string image, BuildPlan plan, CancellationToken cancellationToken)
    {
        // What another team's login fetched is not this team's, and an image made here is in no registry.
        var isOthers = store.Templates(rows => rows.IsPulledByOthersAlone(teamId, image));
        var present = isOthers ? null : await engine.FindImageAsync(image, cancellationToken);
        if (present is not null && (!plan.Force || image == BuiltInTemplates.BaseImage)) return present;
        if (image == BuiltInTemplates.BaseImage) throw new BuildException("the base image is not prepared on this server; run './moru doctor', which says how");

        try
        {
            var login = plan.Registry is { } registry ? await registry.LoginAsync(cancellationToken) : null;
            var pulled = await engine.PullAsync(image, login, cancellationToken);
            store.Templates(rows => rows.SavePull(teamId, image));
            return pulled;
        }
        catch (RuntimeException failure) when (failure.Error is RuntimeError.ImageUnavailable)
        {
            // Forced, but there is nowhere to get it anew from.
            if (present is not null && plan.Registry is null) return present;
            throw new BuildException($"{failure.Message}; templates to start from instead: {string.Join(", ", Templates(teamId))}", failure);
        }
    }

    private IReadOnlyList<string> Templates(string teamId) => store.Templates<IReadOnlyList<string>>(rows =>
        [.. rows.ListTemplates().Where(template => template.BuildId is not null && (template.TeamId is null || template.TeamId == teamId)).Select(template => template.Alias ?? template.Id).Take(MostNamed)]);
}
