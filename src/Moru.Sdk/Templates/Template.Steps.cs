using System.Runtime.CompilerServices;

namespace Moru;

/// <content>Steps.</content>
public sealed partial record Template
{
    /// <summary>Copies files of the context directory into the template.</summary>
    /// <param name="source">
    /// A file, a directory or a pattern (<c>*</c>, <c>?</c>, <c>[…]</c>, <c>**</c>), relative to the context directory and below it. Of a
    /// directory the content is copied, and of a pattern all below its first part with wildcards that matches.
    /// </param>
    /// <param name="destination">Where to; relative to the working directory. With a slash at its end a file goes into that directory.</param>
    /// <param name="options">Owner, permissions and symbolic links; null: the defaults of <see cref="CopyOptions"/>.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template Copy(string source, string destination, CopyOptions? options = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        options ??= new CopyOptions();
        var mode = options.Mode is { } bits ? Octal(bits) : "";
        return Add(new TemplateInstruction("COPY", [source, destination, options.User ?? "", mode], options.ForceUpload, new BuilderLine(file, line), options));
    }

    /// <summary>Copies several sources to one directory.</summary>
    /// <inheritdoc cref="Copy(string, string, CopyOptions?, int, string)"/>
    public Template Copy(
        IEnumerable<string> sources, string destination, CopyOptions? options = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        var directory = destination.EndsWith('/') ? destination : destination + "/";
        return sources.Aggregate(this, (template, source) => template.Copy(source, directory, options, line, file));
    }

    /// <summary>Runs a bash command.</summary>
    /// <param name="command">The command line.</param>
    /// <param name="user">Who runs it; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template RunCmd(string command, string? user = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(command);
        return Add("RUN", new BuilderLine(file, line), user is null ? [command] : [command, user]);
    }

    /// <summary>Runs bash commands one after the other, as one step, until one fails.</summary>
    /// <inheritdoc cref="RunCmd(string, string?, int, string)"/>
    /// <param name="commands">The command lines.</param>
    /// <param name="user">Who runs them; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template RunCmd(IEnumerable<string> commands, string? user = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(string.Join(" && ", commands), user, line, file);

    /// <summary>Makes a directory, with its parents.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="user">Who makes it and gets it; default: the user of the steps.</param>
    /// <param name="mode">Its permissions; default: the system's.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template MakeDir(string path, string? user = null, UnixFileMode? mode = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("mkdir -p", mode is { } bits ? "-m " + Octal(bits) : "", Path(path)), user, line, file);

    /// <summary>Deletes a file or directory.</summary>
    /// <param name="path">What to delete; wildcards mean themselves.</param>
    /// <param name="recursive">Whether a directory goes with all that is in it; default false.</param>
    /// <param name="force">Whether that it is not there is no failure; default false.</param>
    /// <param name="user">Who deletes it; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template Remove(
        string path, bool recursive = false, bool force = false, string? user = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("rm", recursive ? "-r" : "", force ? "-f" : "", Path(path)), user, line, file);

    /// <summary>Moves a file or directory.</summary>
    /// <param name="source">What to move.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="force">Whether what is there is replaced without asking; default false.</param>
    /// <param name="user">Who moves it; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template Rename(
        string source, string destination, bool force = false, string? user = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("mv", force ? "-f" : "", Path(source), Path(destination)), user, line, file);

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="target">What it leads to.</param>
    /// <param name="link">Where it is.</param>
    /// <param name="force">Whether what is there is replaced; default false.</param>
    /// <param name="user">Who makes it; default: the user of the steps.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template MakeSymlink(
        string target, string link, bool force = false, string? user = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        RunCmd(Words("ln -s", force ? "-f" : "", Path(target), Path(link)), user, line, file);

    /// <summary>Sets the working directory of following steps, of the start command and of sandboxes; it is made when it is missing.</summary>
    public Template SetWorkdir(string path, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Add("WORKDIR", new BuilderLine(file, line), path);
    }

    /// <summary>Sets the user of following steps, of the start command and of sandboxes; it is made when it is missing.</summary>
    public Template SetUser(string user, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        return Add("USER", new BuilderLine(file, line), user);
    }

    /// <summary>Sets environment variables. A value may name others, as <c>$PATH</c>.</summary>
    public Template SetEnvs(IReadOnlyDictionary<string, string> envs, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentNullException.ThrowIfNull(envs);
        return envs.Count == 0 ? this : Add("ENV", new BuilderLine(file, line), [.. envs.SelectMany(pair => new[] { pair.Key, pair.Value })]);
    }

    /// <summary>Sets the bash command that is started with every sandbox.</summary>
    /// <param name="command">The command line; it runs as the template's user, in its working directory.</param>
    /// <param name="ready">When it has done its part, so that a create may return; null: the server waits 20 s while building, and not at all later.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public Template SetStartCmd(string command, ReadyCommand? ready = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(command);
        return this with { StartCommand = command, Ready = ready, StartLine = new BuilderLine(file, line) };
    }

    /// <summary>Sets when the template is ready, where it has no start command of its own.</summary>
    public Template SetReadyCmd(ReadyCommand ready, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentNullException.ThrowIfNull(ready);
        return this with { Ready = ready, StartLine = new BuilderLine(file, line) };
    }

    internal static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private static string Path(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ShellWord.QuotePath(path);
    }

    private static string Words(params IEnumerable<string> words) => string.Join(' ', words.Where(word => word.Length > 0));
}
