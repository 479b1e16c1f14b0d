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
            if (name.Length == 0) throw Invalid("the name of an environment variable is empty");
            if (name.AsSpan().IndexOfAny('=', '\0') is >= 0 and var at)
                throw Invalid($"'{name.Replace('\0', '?')}' is no name of an environment variable: it has a {(name[at] == '=' ? "'='" : "NUL character")}");
            if (value is null || value.Contains('\0')) throw Invalid($"the value of environment variable '{name}' {(value is null ? "is null" : "has a NUL character")}");
        }
    }

    private static ConnectException Invalid(string problem) => new(ConnectCode.InvalidArgument, problem);
}
