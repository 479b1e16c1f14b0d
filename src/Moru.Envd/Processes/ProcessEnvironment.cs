using Moru.Protocol;

namespace Moru.Envd;

/// <summary>The environment of a process: nothing of envd's own but PATH.</summary>
internal static class ProcessEnvironment
{
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>PATH of the image.</summary>
    public static string SearchPath { get; } =
        System.Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? path : UsualPath;

    /// <summary>Later layers win.</summary>
    public static Dictionary<string, string> Of(User user, params IReadOnlyDictionary<string, string>?[] layers)
    {
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = SearchPath,
            ["HOME"] = user.Home,
            ["USER"] = user.Name,
            ["LOGNAME"] = user.Name,
        };
        foreach (var (name, value) in layers.SelectMany(layer => layer ?? new Dictionary<string, string>())) variables[name] = value;
        return variables;
    }

    /// <exception cref="ConnectException">A variable cannot exist.</exception>
    public static void Check(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, value) in variables)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0') || value is null || value.Contains('\0'))
                throw new ConnectException(ConnectCode.InvalidArgument, $"invalid environment variable '{name.Replace('\0', '?')}'");
        }
    }
}
