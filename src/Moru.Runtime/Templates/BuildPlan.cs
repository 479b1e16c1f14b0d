using System.Text.Json.Serialization;

namespace Moru.Runtime;

/// <summary>What a client asks a build to do.</summary>
public sealed record BuildPlan
{
    private const int MaxSteps = 100; // an image has at most 127 layers

    /// <summary>Image to start from; this or <see cref="FromTemplate"/>.</summary>
    public string? FromImage { get; init; }

    public string? FromTemplate { get; init; }

    /// <summary>How to get the registry's login for <see cref="FromImage"/>; null: it asks for none. Never stored.</summary>
    [JsonIgnore]
    public RegistryAccess? Registry { get; init; }

    /// <summary>Use no cached layer, and get the image anew.</summary>
    public bool Force { get; init; }

    public IReadOnlyList<BuildStep> Steps { get; init; } = [];

    public string? StartCommand { get; init; }

    public string? ReadyCommand { get; init; }

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    internal void Check()
    {
        if (FromImage is null == FromTemplate is null) throw Invalid("give either fromImage or fromTemplate");
        if (FromImage is not null) ImageName.Resolve(FromImage);
        if (Registry is not null && FromImage is null) throw Invalid("fromImageRegistry needs fromImage");
        if (Steps.Count > MaxSteps) throw Invalid($"a build has at most {MaxSteps} steps, not {Steps.Count}; put several commands into one RUN");
    }

    private static RuntimeException Invalid(string problem) => new(RuntimeError.InvalidArgument, problem);
}

/// <summary>What a client asks for before a build can start.</summary>
public sealed record BuildRequest
{
    /// <summary>The team's template to build anew; null: the one of the name.</summary>
    public string? TemplateId { get; init; }

    /// <summary>Its name from now on; null: the one it has.</summary>
    public string? Alias { get; init; }

    /// <summary>Virtual CPUs of its sandboxes; null: 2.</summary>
    public int? CpuCount { get; init; }

    /// <summary>Memory of its sandboxes; null: 1024.</summary>
    public int? MemoryMB { get; init; }

    /// <summary>What the build will do, if that is known; null: whoever starts it says so.</summary>
    public BuildPlan? Plan { get; init; }
}

/// <summary>One step, as the client wrote it.</summary>
/// <param name="Type">RUN, COPY, ADD, WORKDIR, USER, ENV or ARG, in any case.</param>
/// <param name="Args">Its arguments.</param>
/// <param name="FilesHash">Names the uploaded files of a COPY.</param>
/// <param name="Force">Use no cached layer for it and all that follow.</param>
public sealed record BuildStep(string Type, IReadOnlyList<string> Args, string? FilesHash = null, bool Force = false)
{
    internal string Kind => Type.ToUpperInvariant();

    internal string Text => $"{Kind} {string.Join(' ', Args.Where(arg => arg.Length > 0))}";
}
