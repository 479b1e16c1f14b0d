namespace Moru.Tools;

/// <summary>A language whose interpreter keeps state between runs.</summary>
internal sealed record Language(string Name, string Program, string Script, string Package)
{
    public static Language Python { get; } = Create("python", "python3", "-c", KernelSource.Read("shrink.py") + KernelSource.Read("kernel.py"), "python3");

    public static Language JavaScript { get; } = Create("javascript", "node", "-e", KernelSource.Read("kernel.js"), "nodejs");

    /// <summary>The exit code of a script that does not find its program, as a shell's.</summary>
    public const int Missing = 127;

    // Fds 1 and 2 are files so that prints, also of child processes, never mix with the answers on fd 3.
    private static Language Create(string name, string program, string option, string source, string package) => new(
        name,
        program,
        $"""
        command -v {program} >/dev/null || exit {Missing}
        {CommandScript.MakeFolder}
        printf '{name} interpreter of run_code' > {CommandScript.Folder}/$$.run; : > {CommandScript.Folder}/$$.exit
        exec {program} {option} {CommandScript.Quote(source)} {CommandScript.Quote(CommandScript.Mark)} 3>&1 4<&0 </dev/null >>{CommandScript.Folder}/$$.out 2>>{CommandScript.Folder}/$$.err
        """.ReplaceLineEndings("\n"),
        package);
}
