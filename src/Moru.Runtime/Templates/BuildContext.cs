namespace Moru.Runtime;

/// <summary>Under what the next step of a build runs, and in the end the processes of sandboxes.</summary>
public sealed record BuildContext
{
    public const string FirstUser = "user";

    public string User { get; init; } = FirstUser;

    /// <summary>Null: the user's home.</summary>
    public string? Workdir { get; init; }

    /// <summary>Set by the image and by ENV.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Set by ARG: for the build alone.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>What commands of the build see.</summary>
    internal Dictionary<string, string> Everything()
    {
        var all = new Dictionary<string, string>(Env);
        foreach (var (name, value) in Arguments) all[name] = value;
        return all;
    }

    /// <summary>A path of a step, as an absolute one.</summary>
    internal static string Absolute(string below, string path)
    {
        var parts = new List<string>();
        foreach (var part in (path.StartsWith('/') ? path : below + "/" + path).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..") parts = [.. parts.SkipLast(1)];
            else if (part != ".") parts.Add(part);
        }

        return "/" + string.Join('/', parts);
    }
}
