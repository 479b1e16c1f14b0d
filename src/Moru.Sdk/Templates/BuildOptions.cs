using Moru.Protocol;

namespace Moru;

/// <summary>How to build a template.</summary>
public sealed record BuildOptions
{
    /// <summary>Virtual CPUs of the template's sandboxes; default 2.</summary>
    public int CpuCount { get; init; } = 2;

    /// <summary>Memory of the template's sandboxes in MiB, an even number; default 1024.</summary>
    public int MemoryMB { get; init; } = 1024;

    /// <summary>Whether every step runs even when its result is known from an earlier build; default false.</summary>
    public bool SkipCache { get; init; }

    /// <summary>Told each line of the build's log in order, and what is uploaded; default: nobody. Escape sequences of terminals are left out.</summary>
    public Action<BuildLogEntry>? OnBuildLogs { get; init; }
}

/// <summary>A build that was started.</summary>
/// <param name="Alias">Name of the template.</param>
/// <param name="TemplateId">Identifier of the template; the same for every build of it.</param>
/// <param name="BuildId">Identifier of the build.</param>
public sealed record BuildInfo(string Alias, string TemplateId, string BuildId)
{
    /// <summary>What was built, for naming the line of a step that fails; null when the build was started elsewhere.</summary>
    internal Template? Template { get; init; }
}
