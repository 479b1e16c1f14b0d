using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>The catalogue: which templates there are, whose they are, and what sandboxes made from them get.</summary>
public sealed partial class Templates
{
    private const int DefaultCpus = 2;
    private const int DefaultMemoryMB = 1024;
    private const int MinMemoryMB = 128;

    // Of teams without a limit.
    private const int MaxCpus = 8;
    private const int MaxMemoryMB = 8192;

    private const int LongestName = 128;

    /// <summary>Failed builds that a template keeps.</summary>
    private const int KeptBuilds = 100;

    private readonly RuntimeStore store;
    private readonly Teams teams;
    private readonly RuntimeOptions options;
    private readonly TimeProvider time;

    internal Templates(RuntimeStore store, Teams teams, RuntimeOptions options, TimeProvider time)
    {
        this.store = store;
        this.teams = teams;
        this.options = options;
        this.time = time;
        store.Templates(rows => BuiltInTemplates.Add(rows, time.GetUtcNow()));
    }

    /// <summary>Reads a name as clients write it.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static string Name(string? text)
    {
        var name = text?.Trim().ToLowerInvariant() ?? "";
        return name.Length <= LongestName && Form().IsMatch(name)
            ? name
            : throw new RuntimeException(RuntimeError.InvalidArgument, $"Invalid alias '{text}': use up to {LongestName} letters, digits, '-' and '_'");
    }

    /// <summary>What a new sandbox of the team gets.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.TemplateNotFound"/>, also when no build of it has succeeded.</exception>
    public Template ForSandbox(string teamId, string idOrAlias)
    {
        if (Find(teamId, idOrAlias) is not { } listed)
        {
            throw new RuntimeException(
                RuntimeError.TemplateNotFound,
                $"template '{idOrAlias}' not found; known templates: {string.Join(", ", List(teamId).Select(known => known.Template.Alias ?? known.Template.Id))}.");
        }

        return Ready(listed) ?? throw new RuntimeException(
            RuntimeError.TemplateNotFound, $"template '{idOrAlias}' has no successful build yet; its last one is {listed.Latest.Status.ToString().ToLowerInvariant()}");
    }

    /// <summary>What sandboxes of a template get now; null when it is gone.</summary>
    internal Template? Current(string id) => store.Templates(rows => rows.Find(id) is { } template && template.Id == id ? Listed(rows, template) : null) is { } listed ? Ready(listed) : null;

    /// <summary>Finds a template that the team may use.</summary>
    public ListedTemplate? Find(string teamId, string idOrAlias) => store.Templates(rows =>
        rows.Find(idOrAlias) is { } template && template.IsOpenTo(teamId) ? Listed(rows, template) : null);

    /// <summary>The team's own templates and the built-in ones, the oldest first.</summary>
    public IReadOnlyList<ListedTemplate> List(string teamId) => store.Templates<IReadOnlyList<ListedTemplate>>(rows =>
        [.. rows.ListTemplates().Where(template => template.TeamId is null || template.TeamId == teamId).Select(template => Listed(rows, template))]);

    /// <summary>Builds of a template, the newest first, then by id.</summary>
    public IReadOnlyList<BuildRecord> ListBuilds(string templateId, RunPosition? after, int most) =>
        store.Templates(rows => rows.ListBuilds(templateId, after, most));

    /// <summary>Makes a template, or a new build of the one that has the name already. The build waits for its steps.</summary>
    public (TemplateRecord Template, BuildRecord Build) Request(string teamId, string alias, int? cpuCount, int? memoryMB) =>
        Request(teamId, new BuildRequest { Alias = alias, CpuCount = cpuCount, MemoryMB = memoryMB });

    /// <summary>Makes a template or a new build of one, which waits to be started.</summary>
    public (TemplateRecord Template, BuildRecord Build) Request(string teamId, BuildRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var alias = request.Alias is null ? null : Name(request.Alias);
        var (cpus, memory) = Size(teams.LimitsOf(teamId), request.CpuCount, request.MemoryMB);
        request.Plan?.Check();
        var now = time.GetUtcNow();
        return store.Templates(rows =>
        {
            var named = alias is null ? null : Named(rows, teamId, alias);
            var template = request.TemplateId is { } id ? Own(rows, teamId, id) : named;
            if (named is not null && named.Id != template!.Id) throw Taken(alias!);
            template ??= new TemplateRecord { Id = NewId(), TeamId = teamId, CreatedAt = now, UpdatedAt = now };
            template = template with { Alias = alias ?? template.Alias, UpdatedAt = now, BuildCount = template.BuildCount + 1 };
            foreach (var waiting in rows.UnfinishedBuilds().Where(other => other.TemplateId == template.Id && other.Status is BuildStatus.Waiting))
                rows.Save(waiting with { Status = BuildStatus.Error, Reason = "superseded by a newer build of the template", UpdatedAt = now, FinishedAt = now });
            ThrowIfFull(rows, teamId, now);

            var build = new BuildRecord
            {
                Id = Guid.NewGuid().ToString(), TemplateId = template.Id, Status = BuildStatus.Waiting, CpuCount = cpus, MemoryMB = memory, CreatedAt = now, UpdatedAt = now,
            };
            rows.Save(template);
            rows.Save(build);
            if (request.Plan is { } plan) rows.SavePlan(build.Id, plan);
            rows.PruneBuilds(template.Id, KeptBuilds);
            return (template, build);
        });
    }

    /// <summary>Opens a template to every team, or closes it again.</summary>
    public TemplateRecord Publish(string teamId, string idOrAlias, bool? isPublic) => store.Templates(rows =>
    {
        var template = Own(rows, teamId, idOrAlias);
        template = template with { Public = isPublic ?? template.Public, UpdatedAt = time.GetUtcNow() };
        rows.Save(template);
        return template;
    });

    /// <exception cref="RuntimeException"><see cref="RuntimeError.TemplateNotFound"/>: none of that name is the team's own.</exception>
    internal static TemplateRecord Own(TemplateRows rows, string teamId, string idOrAlias)
    {
        var template = rows.Find(idOrAlias);
        if (template is not null && template.TeamId == teamId) return template;
        throw new RuntimeException(
            RuntimeError.TemplateNotFound,
            template is { TeamId: null } ? $"template '{idOrAlias}' is built in and cannot be changed" : $"template '{idOrAlias}' not found");
    }

    /// <returns>The team's template of that name; null when the name is free.</returns>
    private static TemplateRecord? Named(TemplateRows rows, string teamId, string alias)
    {
        var known = rows.Find(alias);
        if (known is not null && known.TeamId != teamId && known.Alias == alias) throw Taken(alias);
        return known?.Id == alias ? throw new RuntimeException(RuntimeError.Conflict, $"Alias '{alias}' is the id of a template; choose another") : known;
    }

    private static RuntimeException Taken(string alias) => new(RuntimeError.InvalidArgument, $"Alias '{alias}' is already taken");

    internal void CountSpawn(string id) => store.Templates(rows => rows.CountSpawn(id, time.GetUtcNow()));

    private void ThrowIfFull(TemplateRows rows, string teamId, DateTimeOffset now)
    {
        var most = teams.LimitsOf(teamId).Builds;
        var unfinished = rows.UnfinishedBuilds().Count(build =>
            (build.Status is BuildStatus.Building || build.CreatedAt + options.BuildPatience > now) && rows.Find(build.TemplateId)?.TeamId == teamId);
        if (unfinished < most) return;
        throw new RuntimeException(RuntimeError.LimitReached, $"{most} builds wait or run already, which is the maximum; wait for one to finish");
    }

    private static (int Cpus, int MemoryMB) Size(TeamLimits limits, int? cpuCount, int? memoryMB)
    {
        var cpus = cpuCount ?? DefaultCpus;
        var memory = memoryMB ?? DefaultMemoryMB;
        if (cpus < 1) throw Invalid($"CPU count must be at least 1, not {cpus}");
        if (cpus > (limits.CpuCount ?? MaxCpus)) throw Invalid($"CPU count {cpus} exceeds the maximum of {limits.CpuCount ?? MaxCpus}");
        if (memory < MinMemoryMB) throw Invalid($"Memory must be at least {MinMemoryMB} MiB, not {memory}");
        if (memory > (limits.MemoryMB ?? MaxMemoryMB)) throw Invalid($"Memory of {memory} MiB exceeds the maximum of {limits.MemoryMB ?? MaxMemoryMB} MiB");
        return memory % 2 == 0 ? (cpus, memory) : throw Invalid($"Memory must be an even number of MiB, not {memory}");
    }

    private static RuntimeException Invalid(string problem) => new(RuntimeError.InvalidArgument, problem);

    private static ListedTemplate Listed(TemplateRows rows, TemplateRecord template) =>
        new(template, template.BuildId is { } current ? rows.FindBuild(current) : null, rows.LatestBuild(template.Id)!);

    private static Template? Ready(ListedTemplate listed) => listed.Current is { Result: { } result } build
        ? new Template
        {
            Id = listed.Template.Id,
            Alias = listed.Template.Alias,
            Image = result.Image,
            CpuCount = build.CpuCount,
            MemoryMB = build.MemoryMB,
            Env = result.Context.Env,
            DefaultUser = result.Context.User,
            Workdir = result.Context.Workdir,
            StartCommand = result.StartCommand,
            ReadyCommand = result.ReadyCommand,
        }
        : null;

    private static string NewId() => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 20);

    [GeneratedRegex(@"^[a-z0-9_-]+\z")]
    private static partial Regex Form();
}
