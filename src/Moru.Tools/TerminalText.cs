using System.Text.RegularExpressions;

namespace Moru.Tools;

/// <summary>Control sequences of terminals (ECMA-48) in text that is not shown on one.</summary>
internal static partial class TerminalText
{
    /// <summary>Takes out whole control sequences; one that never ends stays for others to make visible.</summary>
    public static string Strip(string text) => Sequences().Replace(text, "");

    // CSI; OSC, DCS, SOS, PM and APC up to BEL or ST; ESC with intermediates; each bounded, so that a lone ESC cannot swallow the text after it.
    [GeneratedRegex(@"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{1,8}[0-~]|[0-OQ-WYZ\\`-~])", RegexOptions.CultureInvariant)]
    private static partial Regex Sequences();
}
