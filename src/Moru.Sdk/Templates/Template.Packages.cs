using System.Globalization;
using System.Runtime.CompilerServices;

namespace Moru;

/// <content>Packages.</content>
public sealed partial record Template
{
    /// <summary>Installs Python packages with pip.</summary>
    /// <param name="packages">Names, with versions as pip writes them; null: the project in the working directory.</param>
    /// <param name="global">Whether for all users, as root; default true. With false only for the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template PipInstall(IEnumerable<string>? packages = null, bool global = true, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("pip install", global ? "" : "--user", packages is null ? "." : Packages(packages)), global ? "root" : null, line, file);

    /// <summary>Installs Node.js packages with npm.</summary>
    /// <param name="packages">Names, with versions as npm writes them; null: what the package.json in the working directory names.</param>
    /// <param name="global">Whether for all users, as root; default false: into the working directory.</param>
    /// <param name="dev">Whether as packages for development; default false.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template NpmInstall(
        IEnumerable<string>? packages = null, bool global = false, bool dev = false, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("npm install", global ? "-g" : "", dev ? "--save-dev" : "", Packages(packages)), global ? "root" : null, line, file);

    /// <summary>Installs packages with Bun.</summary>
    /// <inheritdoc cref="NpmInstall"/>
    public Template BunInstall(
        IEnumerable<string>? packages = null, bool global = false, bool dev = false, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("bun install", global ? "-g" : "", dev ? "--dev" : "", Packages(packages)), global ? "root" : null, line, file);

    /// <summary>Installs packages of Debian or Ubuntu with apt-get, as root.</summary>
    /// <param name="packages">Names.</param>
    /// <param name="recommends">Whether with the packages that they recommend; default true.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template AptInstall(IEnumerable<string> packages, bool recommends = true, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentNullException.ThrowIfNull(packages);
        var install = Words("DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -y", recommends ? "" : "--no-install-recommends", Packages(packages));
        return RunCmd($"apt-get update && {install}", "root", line, file);
    }

    /// <summary>Clones a git repository; the image needs git.</summary>
    /// <param name="url">The repository.</param>
    /// <param name="path">Where to; default: a directory named as the repository, in the working directory.</param>
    /// <param name="branch">Only this branch; default: all, with the repository's default checked out.</param>
    /// <param name="depth">Only so many commits; default: all.</param>
    /// <param name="user">Who clones; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template GitClone(
        string url, string? path = null, string? branch = null, int? depth = null, string? user = null,
        [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(url);
        return RunCmd(
            Words(
                "git clone",
                branch is null ? "" : $"--branch {ShellWord.Quote(branch)} --single-branch",
                depth is { } commits ? string.Create(CultureInfo.InvariantCulture, $"--depth {commits}") : "",
                ShellWord.Quote(url),
                path is null ? "" : Path(path)),
            user, line, file);
    }

    private static string Packages(IEnumerable<string>? packages) => string.Join(' ', (packages ?? []).Select(ShellWord.Quote));
}
