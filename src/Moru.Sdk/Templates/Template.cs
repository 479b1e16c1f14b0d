using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Moru;

/// <summary>
/// Describes the image that sandboxes are made from, step by step. Immutable: each method returns a longer description. Nothing is read or
/// sent before it is built.
/// </summary>
/// <remarks>
/// Every method notes the line of the program it was called at, and a build that fails names the line of its step. Paths and packages are
/// quoted for the shell; commands are passed on as they are.
/// </remarks>
/// <example>
/// <code>
/// var template = Template.FromPythonImage("3.11")
///     .PipInstall(["requests", "flask"])
///     .Copy("./app", "/app")
///     .SetWorkdir("/app")
///     .SetStartCmd("python app.py", ReadyCommand.Port(8000));
/// await Template.BuildAsync(template, "my-template");
/// </code>
/// </example>
public sealed partial record Template
{
    private const string BaseImage = "ghcr.io/moru-ai/base";

    private Template(BuilderLine line) => FromLine = StartLine = line;

    internal string? Image { get; private init; }

    internal string? Parent { get; private init; }

    internal RegistryAccount? Login { get; private init; }

    internal ImmutableArray<TemplateInstruction> Instructions { get; private init; } = [];

    internal string? StartCommand { get; private init; }

    internal ReadyCommand? Ready { get; private init; }

    internal string ContextDirectory { get; private init; } = ".";

    internal IReadOnlyList<string> IgnorePatterns { get; private init; } = [];

    /// <summary>Where the template begins.</summary>
    internal BuilderLine FromLine { get; }

    /// <summary>Where its start command was set; where the template begins, without one.</summary>
    internal BuilderLine StartLine { get; private init; }

    private bool ForcesNext { get; init; }

    /// <summary>Starts from Moru's own base image.</summary>
    public static Template FromBaseImage([CallerLineNumber] int line = 0, [CallerFilePath] string file = "") => FromImage(BaseImage, null, line, file);

    /// <summary>Starts from an official Python image.</summary>
    /// <param name="version">Its tag, such as <c>3.11</c>.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public static Template FromPythonImage(string version = "3", [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        FromImage($"python:{version}", null, line, file);

    /// <summary>Starts from an official Node.js image.</summary>
    /// <inheritdoc cref="FromPythonImage"/>
    public static Template FromNodeImage(string version = "lts", [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        FromImage($"node:{version}", null, line, file);

    /// <summary>Starts from an official Ubuntu image.</summary>
    /// <inheritdoc cref="FromPythonImage"/>
    public static Template FromUbuntuImage(string version = "latest", [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        FromImage($"ubuntu:{version}", null, line, file);

    /// <summary>Starts from an official Debian image.</summary>
    /// <inheritdoc cref="FromPythonImage"/>
    public static Template FromDebianImage(string version = "stable", [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        FromImage($"debian:{version}", null, line, file);

    /// <summary>Starts from an official Bun image.</summary>
    /// <inheritdoc cref="FromPythonImage"/>
    public static Template FromBunImage(string version = "latest", [CallerLineNumber] int line = 0, [CallerFilePath] string file = "") =>
        FromImage($"oven/bun:{version}", null, line, file);

    /// <summary>Starts from any image.</summary>
    /// <param name="image">Its name, as Docker writes it.</param>
    /// <param name="login">Credentials for its registry; null: it is public.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public static Template FromImage(string image, RegistryAccount? login = null, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(image);
        return new Template(new BuilderLine(file, line)) { Image = image, Login = login };
    }

    /// <summary>Starts where another template ends: with its files, environment, user, working directory and start command.</summary>
    /// <param name="template">Its id or alias.</param>
    /// <param name="line">The compiler's.</param>
    /// <param name="file">The compiler's.</param>
    public static Template FromTemplate(string template, [CallerLineNumber] int line = 0, [CallerFilePath] string file = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(template);
        return new Template(new BuilderLine(file, line)) { Parent = template };
    }

    /// <summary>Reads a Dockerfile with one stage. Its files come from the context directory, see <see cref="WithContext"/>.</summary>
    /// <param name="path">The Dockerfile.</param>
    /// <exception cref="InvalidArgumentException">It cannot be read, or holds what a template cannot do; the message says what and in which line.</exception>
    public static Template FromDockerfile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Dockerfile.Parse(File.ReadAllText(path), path, []);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidArgumentException($"The Dockerfile '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads the text of a Dockerfile with one stage.</summary>
    /// <param name="text">The content, not the path.</param>
    /// <exception cref="InvalidArgumentException">It holds what a template cannot do; the message says what and in which line.</exception>
    public static Template FromDockerfileText(string text) => FromDockerfileText(text, []);

    /// <summary>Reads the text of a Dockerfile with one stage, whose FROM may also name a template.</summary>
    /// <param name="text">The content, not the path.</param>
    /// <param name="templates">
    /// Aliases and ids of templates, such as <see cref="MoruClient.ListTemplatesAsync"/> finds. A FROM that is one of them, letter for letter but for
    /// case, starts from that template: RUN works as root until USER says otherwise, and what the Dockerfile does not set is as the template
    /// has it. Any other FROM is an image.
    /// </param>
    /// <exception cref="InvalidArgumentException">It holds what a template cannot do; the message says what and in which line.</exception>
    public static Template FromDockerfileText(string text, IEnumerable<string> templates)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(templates);
        return Dockerfile.Parse(text, "Dockerfile", [.. templates]);
    }

    /// <summary>Sets where the sources of <see cref="Copy(string, string, CopyOptions?, int, string)"/> are.</summary>
    /// <param name="directory">The context directory; without this call it is the current directory at the time of the build.</param>
    /// <param name="ignore">
    /// Patterns of files to leave out, in the language of <c>.dockerignore</c> and besides those in the directory's own <c>.dockerignore</c>.
    /// </param>
    public Template WithContext(string directory, IEnumerable<string>? ignore = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        return this with { ContextDirectory = directory, IgnorePatterns = [.. ignore ?? []] };
    }

    /// <summary>Runs every following step even when its result is known from an earlier build.</summary>
    public Template SkipCache() => this with { ForcesNext = true };

    internal static Template From(string image, BuilderLine line) => new(line) { Image = image };

    internal Template Add(string type, BuilderLine line, params IReadOnlyList<string> args) => Add(new TemplateInstruction(type, args, false, line));

    internal Template Add(TemplateInstruction instruction) => this with { Instructions = Instructions.Add(instruction with { Force = instruction.Force || ForcesNext }) };
}
