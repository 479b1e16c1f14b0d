using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Moru.Protocol;

namespace Moru.Tools;

/// <summary>Tools that build templates. Parameters are named as the model sees them, hence the underscores.</summary>
internal sealed class TemplateTools(SandboxSession session)
{
    public const int MaxName = 256;

    private const int DefaultWaitSeconds = 45;
    private const int MaxDockerfile = 1 << 20;
    private const string WhatFromNames = "In FROM, the name of another template (list_templates) is that template; all else is an image of a registry, such as docker.io/library/python:3.12. Correct it and call build_template again.";

    [Description("Build a template from a Dockerfile of one stage. Still building after wait_seconds, it goes on: follow it with read_build. Then create_sandbox takes its name.")]
    public async Task<TemplateBuild> BuildAsync(
        [Description("Letters, digits, - and _"), StringLength(MaxName, MinimumLength = 1)] string name,
        [Description("Its text, without COPY and ADD"), StringLength(MaxDockerfile, MinimumLength = 1)] string dockerfile,
        [Description("Runs in every sandbox from its start")] string? start_command = null,
        [Description("Succeeds once start_command is ready")] string? ready_command = null,
        [Description("CPUs of a sandbox"), Range(1, 64)] int cpus = 2,
        [Description("Memory of a sandbox"), Range(128, 262_144)] int memory_mb = 1024,
        [Description("Longest wait"), Range(0, CommandTools.MaxWaitSeconds)] int wait_seconds = DefaultWaitSeconds,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (CopiesFiles(dockerfile))
            throw new ToolException("`dockerfile` has COPY or ADD, but there are no files to copy from. Write files in a RUN step, for example: RUN printf '%s\\n' 'first line' 'second line' > /app/file.txt");
        if (ready_command is not null && start_command is null) throw new ToolException("`ready_command` needs `start_command`: it says when that one is ready.");

        var client = await session.ClientAsync(cancellationToken);
        var known = (await client.ListTemplatesAsync(cancellationToken)).SelectMany(each => each.Aliases.Append(each.TemplateId));
        using var nothing = new EmptyDirectory();
        // Not from itself: whoever builds `redis` FROM redis means the image, at the second try too.
        var template = Template.FromDockerfileText(dockerfile, known.Where(each => !each.Equals(name.Trim(), StringComparison.OrdinalIgnoreCase))).WithContext(nothing.Path);
        // It stands in no line of the Dockerfile, and a line of this file means nothing to a model.
        if (start_command is not null) template = template.SetStartCmd(start_command, ready_command is null ? null : ReadyCommand.FromString(ready_command), line: 0, file: "");
        var build = await client.StartTemplateBuildAsync(template, name, new BuildOptions { CpuCount = cpus, MemoryMB = memory_mb }, cancellationToken);
        return await FollowAsync(client, build, TimeSpan.FromSeconds(wait_seconds), progress, cancellationToken);
    }

    [Description("Status and log of a build, waiting for its end.")]
    public async Task<TemplateBuild> ReadAsync(
        [Description("From build_template"), StringLength(MaxName, MinimumLength = 1)] string template_id,
        [Description("From build_template"), StringLength(MaxName, MinimumLength = 1)] string build_id,
        [Description("Longest wait"), Range(0, CommandTools.MaxWaitSeconds)] int wait_seconds = 0,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            var build = new BuildInfo("", template_id, build_id);
            return await FollowAsync(await session.ClientAsync(cancellationToken), build, TimeSpan.FromSeconds(wait_seconds), progress, cancellationToken);
        }
        catch (Exception error) when (error is NotFoundException or InvalidArgumentException)
        {
            throw new ToolException($"There is no build '{build_id}' of template '{template_id}'. Give both as build_template returned them, or start another build with build_template.", error);
        }
    }

    [Description("List templates that sandboxes can be made from.")]
    public async Task<TemplateList> ListAsync(CancellationToken cancellationToken = default)
    {
        var templates = await (await session.ClientAsync(cancellationToken)).ListTemplatesAsync(cancellationToken);
        return new TemplateList { Templates = [.. templates.Take(TemplateList.Max).Select(TemplateLine.From)], Omitted = templates.Count > TemplateList.Max ? templates.Count - TemplateList.Max : null };
    }

    [Description("Delete a template of yours. Sandboxes made from it live on.")]
    public async Task<DeletedTemplate> DeleteAsync([Description("Name or id"), StringLength(MaxName, MinimumLength = 1)] string template, CancellationToken cancellationToken = default)
    {
        var client = await session.ClientAsync(cancellationToken);
        if (await client.DeleteTemplateAsync(template, cancellationToken)) return new DeletedTemplate { Deleted = template };
        var known = await client.ListTemplatesAsync(cancellationToken);
        throw new ToolException(IsAmong(known, template)
            ? $"The template '{template}' is not yours, so it cannot be deleted."
            : DescribeUnknown(known, template));
    }

    /// <summary>What to tell a model that wants a sandbox of a template which is not there, or not ready.</summary>
    public static async Task<string> DescribeUnusableAsync(MoruClient client, string template, CancellationToken cancellationToken)
    {
        var known = await client.ListTemplatesAsync(cancellationToken);
        return IsAmong(known, template)
            ? $"The template '{template}' has no successful build yet. Build it with build_template, which shows why a build fails, or name another template."
            : DescribeUnknown(known, template);
    }

    private static bool IsAmong(IReadOnlyList<TemplateInfo> known, string template) => known.Any(each => each.TemplateId == template || each.Aliases.Contains(template));

    private static string DescribeUnknown(IReadOnlyList<TemplateInfo> known, string template)
    {
        var names = string.Join(", ", known.Take(TemplateList.Max).Select(each => each.Aliases.Count > 0 ? each.Aliases[0] : each.TemplateId));
        return $"There is no template '{template}'. {(known.Count == 0 ? "There are none yet" : $"There are: {names}")}.";
    }

    private static async Task<TemplateBuild> FollowAsync(MoruClient client, BuildInfo build, TimeSpan wait, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var log = new BuildTail();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(wait + TimeSpan.FromSeconds(1)); // enough to read a log that there is
        try
        {
            await client.WaitForTemplateBuildAsync(
                build,
                entry =>
                {
                    if (entry.Level is not TemplateLogLevel.Error) log.Add(entry.Message); // the reason of a failure, which the exception has
                    progress?.Report(entry.Message);
                },
                patience.Token);
            return TemplateBuild.From(build, "ready", log, null);
        }
        catch (BuildException error)
        {
            var next = error.Step == "base" ? WhatFromNames : "Fix the step and call build_template again; the steps before it are cached.";
            return TemplateBuild.From(build, "error", log, $"{ToolErrors.Sentence(error)} {next}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var next = ToolCall.Write("read_build", ("template_id", build.TemplateId), ("build_id", build.BuildId), ("wait_seconds", DefaultWaitSeconds));
            return TemplateBuild.From(build, "building", log, $"It goes on building: {next}.");
        }
    }

    // What such a step would copy lies on the machine of this server, which is no business of a model.
    private static bool CopiesFiles(string dockerfile) => DockerfileReader.Instructions(dockerfile).Any(read =>
        read.Keyword is "COPY" or "ADD" || (read.Keyword == "ONBUILD" && read.Text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries) is [var inner, ..] && inner.ToUpperInvariant() is "COPY" or "ADD"));

    private sealed class EmptyDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("moru-build-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
