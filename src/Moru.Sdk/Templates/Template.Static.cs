using Moru.Protocol;

namespace Moru;

/// <content>What is done with templates, by <see cref="MoruClient.Default"/>.</content>
public sealed partial record Template
{
    /// <inheritdoc cref="MoruClient.BuildTemplateAsync"/>
    public static Task<BuildInfo> BuildAsync(Template template, string alias, BuildOptions? options = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.BuildTemplateAsync(template, alias, options, cancellationToken);

    /// <inheritdoc cref="MoruClient.StartTemplateBuildAsync"/>
    public static Task<BuildInfo> StartBuildAsync(Template template, string alias, BuildOptions? options = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.StartTemplateBuildAsync(template, alias, options, cancellationToken);

    /// <inheritdoc cref="MoruClient.WaitForTemplateBuildAsync"/>
    public static Task WaitForBuildAsync(BuildInfo build, Action<BuildLogEntry>? onBuildLogs = null, CancellationToken cancellationToken = default) =>
        MoruClient.Default.WaitForTemplateBuildAsync(build, onBuildLogs, cancellationToken);

    /// <inheritdoc cref="MoruClient.GetTemplateBuildStatusAsync"/>
    public static Task<TemplateBuildInfo> GetBuildStatusAsync(BuildInfo build, int logsOffset = 0, CancellationToken cancellationToken = default) =>
        MoruClient.Default.GetTemplateBuildStatusAsync(build, logsOffset, cancellationToken);

    /// <inheritdoc cref="MoruClient.ListTemplatesAsync"/>
    public static Task<IReadOnlyList<TemplateInfo>> ListAsync(CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListTemplatesAsync(cancellationToken);

    /// <inheritdoc cref="MoruClient.ListTemplateBuildsAsync"/>
    public static IAsyncEnumerable<TemplateBuildSummary> ListBuildsAsync(string templateId, CancellationToken cancellationToken = default) =>
        MoruClient.Default.ListTemplateBuildsAsync(templateId, cancellationToken);

    /// <inheritdoc cref="MoruClient.PublishTemplateAsync"/>
    public static Task PublishAsync(string template, CancellationToken cancellationToken = default) =>
        MoruClient.Default.PublishTemplateAsync(template, cancellationToken);

    /// <inheritdoc cref="MoruClient.UnpublishTemplateAsync"/>
    public static Task UnpublishAsync(string template, CancellationToken cancellationToken = default) =>
        MoruClient.Default.UnpublishTemplateAsync(template, cancellationToken);

    /// <inheritdoc cref="MoruClient.DeleteTemplateAsync"/>
    public static Task<bool> DeleteAsync(string template, CancellationToken cancellationToken = default) =>
        MoruClient.Default.DeleteTemplateAsync(template, cancellationToken);
}
