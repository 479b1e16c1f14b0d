namespace Moru.Tools;

/// <summary>A language whose interpreter keeps state between runs.</summary>
internal sealed record Language(string Name, string Program, string Script, string Package)
{
    public static Language Python { get; } = Create(
        "python", "python3", "-c", "import sys; exec(open(sys.argv[1], encoding='utf-8').read())", ["shrink.py", "show.py", "kernel.py"], "python3");

    public static Language JavaScript { get; } = Create(
        "javascript", "node", "-e", "eval(require('fs').readFileSync(process.argv[1], 'utf8'))", ["kernel.js"], "nodejs");

    /// <summary>The exit code of a script that does not find its program, as a shell's.</summary>
    public const int Missing = 127;

    // Fds 1 and 2 are files so that prints, also of child processes, never mix with the answers on fd 3. The source is one too, or whoever
    // lists processes would read it; an option runs it, since a program's own directory would be where it looks for modules.
    private static Language Create(string name, string program, string option, string loader, string[] sources, string package) => new(
        name,
        program,
        $$"""
        command -v {{program}} >/dev/null || exit {{Missing}}
        {{CommandScript.MakeFolder}}
        files={{CommandScript.Folder}}/$$ source={{CommandScript.Quote(string.Concat(sources.Select(KernelSource.Read)))}}
        { printf '{{name}} interpreter of run_code' > $files.run && : > $files.exit && printf %s "$source" > $files.source; } 2>/dev/null &&
          set -- {{CommandScript.Quote(loader)}} $files.source || set -- "$source"
        exec {{program}} {{option}} "$@" {{CommandScript.Quote(CommandScript.Mark)}} 3>&1 4<&0 </dev/null >>$files.out 2>>$files.err
        """.ReplaceLineEndings("\n"),
        package);
}
