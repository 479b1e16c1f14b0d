using System.Runtime.CompilerServices;
using Moru.Protocol;

namespace Moru;

/// <content>Templates: building, finding, publishing and deleting.</content>
public sealed partial class MoruClient
{
    /// <summary>Builds a template and returns when it is ready.</summary>
    /// <param name="template">What to build.</param>
    /// <param name="alias">Its name: letters, digits, <c>-</c> and <c>_</c>. A template of yours with that name gets a new build.</param>
    /// <param name="options">Size of its sandboxes and who is told of the log; null: the defaults of <see cref="BuildOptions"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a build that was started goes on.</param>
    /// <exception cref="BuildException">A step failed; the message names it and the line of the program it comes from.</exception>
    /// <exception cref="InvalidArgumentException">The alias or an option is refused, or a source of a copy is not there.</exception>
    /// <exception cref="RateLimitException">As many builds run as may at once.</exception>
    public async Task<BuildInfo> BuildTemplateAsync(Template template, string alias, BuildOptions? options = null, CancellationToken cancellationToken = default)
    {
        var build = await StartTemplateBuildAsync(template, alias, options, cancellationToken).ConfigureAwait(false);
        await WaitForTemplateBuildAsync(build, options?.OnBuildLogs, cancellationToken).ConfigureAwait(false);
        return build;
    }

    /// <summary>Uploads the files of a template and starts its build, which goes on by itself.</summary>
    /// <inheritdoc cref="BuildTemplateAsync"/>
    /// <returns>What <see cref="GetTemplateBuildStatusAsync"/> and <see cref="WaitForTemplateBuildAsync"/> take.</returns>
    public Task<BuildInfo> StartTemplateBuildAsync(Template template, string alias, BuildOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentException.ThrowIfNullOrWhiteSpace(alias);
        return new TemplateBuild(api, template, options ?? new BuildOptions()).StartAsync(alias, cancellationToken);
    }

    /// <summary>Waits until a build has ended.</summary>
    /// <param name="build">The build.</param>
    /// <param name="onBuildLogs">Told each line of its log from the first on; null: nobody.</param>
    /// <param name="cancellationToken">Gives up waiting; the build goes on.</param>
    /// <exception cref="BuildException">A step failed; the message names it and, where it is known, the line of the program it comes from.</exception>
    public Task WaitForTemplateBuildAsync(BuildInfo build, Action<BuildLogEntry>? onBuildLogs = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        return BuildProgress.FollowAsync(api, build, onBuildLogs, cancellationToken);
    }

    /// <summary>Reads how far a build is.</summary>
    /// <param name="build">The build.</param>
    /// <param name="logsOffset">How many lines of its log were read before; default none. At most 100 more come at once.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such build.</exception>
    public Task<TemplateBuildInfo> GetTemplateBuildStatusAsync(BuildInfo build, int logsOffset = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        ArgumentOutOfRangeException.ThrowIfNegative(logsOffset);
        return BuildProgress.ReadAsync(api, build, logsOffset, cancellationToken);
    }

    /// <summary>Lists the templates that may be used: those of everybody, and your own with how far their last build is.</summary>
    public Task<IReadOnlyList<TemplateInfo>> ListTemplatesAsync(CancellationToken cancellationToken = default) =>
        api.SendAsync(HttpMethod.Get, "templates", null, ApiJson.Default.IReadOnlyListTemplateInfo, cancellationToken);

    /// <summary>Lists the builds of a template, newest first, fetching pages of 100 as they are needed.</summary>
    /// <param name="templateId">Its id; an alias is none.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="NotFoundException">There is no such template.</exception>
    public async IAsyncEnumerable<TemplateBuildSummary> ListTemplateBuildsAsync(
        string templateId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? next = null;
        do
        {
            var path = TemplatePath(templateId) + "?limit=100" + (next is null ? "" : "&nextToken=" + Uri.EscapeDataString(next));
            (var page, next) = await api.GetPageAsync(path, ApiJson.Default.TemplateWithBuilds, cancellationToken).ConfigureAwait(false);
            foreach (var build in page.Builds) yield return build;
        }
        while (next is not null);
    }

    /// <summary>Lets every team make sandboxes from a template.</summary>
    /// <param name="template">Its id or alias.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="NotFoundException">There is no such template.</exception>
    public Task PublishTemplateAsync(string template, CancellationToken cancellationToken = default) => PublishAsync(template, true, cancellationToken);

    /// <summary>Keeps a template to your own team.</summary>
    /// <inheritdoc cref="PublishTemplateAsync"/>
    public Task UnpublishTemplateAsync(string template, CancellationToken cancellationToken = default) => PublishAsync(template, false, cancellationToken);

    /// <summary>Deletes a template with all its builds. Running sandboxes made from it go on.</summary>
    /// <param name="template">Its id or alias.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when there is no such template.</returns>
    /// <exception cref="InvalidArgumentException">A paused sandbox needs it.</exception>
    public Task<bool> DeleteTemplateAsync(string template, CancellationToken cancellationToken = default) =>
        DeleteAsync(TemplatePath(template), cancellationToken);

    private Task PublishAsync(string template, bool everybody, CancellationToken cancellationToken) => api.SendAsync(
        HttpMethod.Patch, TemplatePath(template), ApiTransport.Json(new TemplateChange { Public = everybody }, ApiJson.Default.TemplateChange), cancellationToken);

    private static string TemplatePath(string template)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(template);
        return $"templates/{UrlSegment.Of(template)}";
    }
}
