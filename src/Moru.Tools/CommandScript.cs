using System.Globalization;
using System.Text.RegularExpressions;

namespace Moru.Tools;

/// <summary>
/// The shell text by which commands run in a sandbox. A command writes to files there, so its whole output can be read at any time, by
/// any session, and costs the server nothing. What remains afterwards is bounded by the sandbox's disk and by <see cref="Kept"/>.
/// </summary>
internal static partial class CommandScript
{
    /// <summary>Where the files of command N are: N.out, N.err, N.run (its first line) and N.exit (its exit code, empty while it runs).</summary>
    public const string Folder = "/tmp/.moru";

    /// <summary>How many ended commands keep their files at least; twice as many at most.</summary>
    public const int Kept = 32;

    /// <summary>Makes the folder, for every user of the sandbox.</summary>
    public const string MakeFolder = $"[ -d {Folder} ] || {{ mkdir -p {Folder} && chmod 1777 {Folder}; }} 2>/dev/null";

    private const int MaxFirstLine = 120;

    /// <summary>Found in /proc it tells a command of ours from a stranger that got the same process id later.</summary>
    public const string Mark = ".moru/$$.out";

    /// <summary>
    /// Runs a command; a short output is printed when it has ended, so that most calls take one request. In a subshell, because the command
    /// may leave by exit or exec; when no file can be written (a full disk), it runs all the same. On one line, so that what bash says of a
    /// command's first line says so. What it leaves in the background has only the files open, not this shell's output.
    /// </summary>
    /// <param name="command">What the user asked for.</param>
    /// <param name="capture">Most bytes of each stream to print.</param>
    public static string Start(string command, int capture) => string.Join(' ',
        $"{MakeFolder};",
        $"{Clean};",
        $"moru_text={Quote(command)};",
        $"if {{ printf %s {Quote(FirstLine(command))} > {Folder}/$$.run && : > {Folder}/$$.exit; }} 2>/dev/null; then",
        $"( exec > {Folder}/$$.out 2> {Folder}/$$.err; eval \"$moru_text\" );",
        $"moru_code=$?; echo $moru_code > {Folder}/$$.exit;",
        $"head -c {capture} {Folder}/$$.out; [ ! -s {Folder}/$$.err ] || head -c {capture} {Folder}/$$.err >&2;",
        "exit $moru_code; fi;",
        "eval \"$moru_text\"");

    /// <summary>
    /// Waits for the end of a command, then prints its state, the sizes of both streams, and of each stream two windows as base64: from
    /// <paramref name="from"/> on, and, unless that is a page further on, the end.
    /// </summary>
    public static string Read(int pid, OutputCursor? from, int window, int waitSeconds)
    {
        var start = from ?? default;
        return $$"""
            for try in 1 2 3 4 5; do [ -e {{Folder}}/{{pid}}.run ] || [ ! -d /proc/{{pid}} ] || sleep 0.1; done
            cd {{Folder}} 2>/dev/null && [ -e {{pid}}.run ] || { echo unknown; ls -t 2>/dev/null | sed -n 's/^\([0-9]*\)\.run$/\1/p' | head -n 20; exit 0; }
            running() { [ ! -s {{pid}}.exit ] && grep -qsF '{{Mark}}' /proc/{{pid}}/cmdline; }
            SECONDS=0 pause=0.02
            while [ $SECONDS -lt {{waitSeconds}} ] && running; do sleep $pause; pause=0.2; done
            if running; then state=running; else read -r state < {{pid}}.exit && [[ $state =~ ^[0-9]{1,3}$ ]] || state=lost; fi
            out=$(stat -c %s {{pid}}.out 2>/dev/null || echo 0) err=$(stat -c %s {{pid}}.err 2>/dev/null || echo 0)
            echo "$state $out $err"
            window() { tail -c +$(($2 + 1)) {{pid}}.$1 2>/dev/null | head -c $3 | base64 -w0; echo; }
            rest() { local at=$(($2 - {{window}})); [ $at -ge {{window}} ] || at={{window}}; [ $at -lt $2 ] && window $1 $at $(($2 - at)) || echo; }
            window out {{start.Out}} {{window}}; window err {{start.Err}} {{window}}
            {{(from is null ? "rest out $out; rest err $err" : ":")}}
            """;
    }

    /// <summary>Prints, newest first, of each command that left files: process id, state, size of its output, and its first line.</summary>
    public static string List { get; } = $$"""
        cd {{Folder}} 2>/dev/null || exit 0
        ls -t | sed -n 's/^\([0-9]*\)\.run$/\1/p' | head -n {{Kept}} | while read -r pid; do
          read -r state < $pid.exit && [[ $state =~ ^[0-9]{1,3}$ ]] || { grep -qsF '{{Mark}}' /proc/$pid/cmdline && state=running || state=lost; }
          printf '%s %s %s ' $pid $state $(cat $pid.out $pid.err 2>/dev/null | wc -c); head -c 200 $pid.run | tr '\n' ' '; echo
        done
        """;

    /// <summary>Prints the last line that a command has written whenever it is another, twice a second at most, while it runs.</summary>
    public static string Follow(int pid) => $$"""
        cd {{Folder}} || exit 0
        while [ -e {{pid}}.exit ] && [ ! -s {{pid}}.exit ]; do
          line=$(tail -qc 400 {{pid}}.out {{pid}}.err 2>/dev/null | tail -n 1)
          [ "$line" = "$last" ] || printf '%s\n' "$line"
          last=$line; sleep 0.5
        done
        """;

    /// <summary>The first line of the command that <see cref="Start"/> was given; null when a script is none of these.</summary>
    public static string? CommandOrDefault(string script) =>
        Wrapped().Match(script) is { Success: true } start ? start.Groups[1].Value.Replace("'\\''", "'", StringComparison.Ordinal) : null;

    /// <summary>One word of shell text, whatever is in it.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Clean { get; } = string.Create(CultureInfo.InvariantCulture,
        $$"""moru_ended=({{Folder}}/*.exit); [ ${#moru_ended[@]} -lt {{2 * Kept}} ] || (cd {{Folder}} && ls -t *.exit | tail -n +{{Kept + 1}} | while read -r old; do [ ! -s $old ] || rm -f ${old%.exit}.*; done) 2>/dev/null""");

    private static string FirstLine(string command)
    {
        var line = command.AsSpan().Trim();
        if (line.IndexOf('\n') is >= 0 and var end) line = line[..end];
        if (line.Length <= MaxFirstLine) return line.ToString();
        return $"{line[..(char.IsHighSurrogate(line[MaxFirstLine - 2]) ? MaxFirstLine - 2 : MaxFirstLine - 1)]}…";
    }

    [GeneratedRegex(@"\{ printf %s '((?:[^']|'\\'')*)' > /tmp/\.moru/\$\$\.run")]
    private static partial Regex Wrapped();
}

/// <summary>How much of both streams was read; written as <c>OUT,ERR</c>, in bytes.</summary>
internal readonly record struct OutputCursor(long Out, long Err)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Out},{Err}");

    public static OutputCursor Parse(string text)
    {
        var parts = text.Split(',');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var stdout)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var stderr)
            ? new OutputCursor(stdout, stderr)
            : throw new ToolException($"`cursor` is '{text}'; give one that read_output or run_command returned, such as \"8000,0\", or leave it out to see the beginning and the end.");
    }
}
