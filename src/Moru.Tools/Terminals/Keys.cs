using System.Text;

namespace Moru.Tools;

/// <summary>Keys by name, as what a terminal sends for them.</summary>
internal static class Keys
{
    private static readonly Dictionary<string, string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Enter"] = "\r", ["Tab"] = "\t", ["Escape"] = "\e", ["Esc"] = "\e", ["Backspace"] = "\x7f", ["Space"] = " ", ["Delete"] = "\e[3~", ["Insert"] = "\e[2~",
        ["PageUp"] = "\e[5~", ["PageDown"] = "\e[6~", ["F1"] = "\eOP", ["F2"] = "\eOQ", ["F3"] = "\eOR", ["F4"] = "\eOS", ["F5"] = "\e[15~", ["F6"] = "\e[17~",
        ["F7"] = "\e[18~", ["F8"] = "\e[19~", ["F9"] = "\e[20~", ["F10"] = "\e[21~", ["F11"] = "\e[23~", ["F12"] = "\e[24~",
    };

    private static readonly Dictionary<string, char> Cursor = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Up"] = 'A', ["Down"] = 'B', ["Right"] = 'C', ["Left"] = 'D', ["End"] = 'F', ["Home"] = 'H',
    };

    /// <summary>What to send for keys separated by spaces, such as <c>Down Down Ctrl+C</c>.</summary>
    /// <param name="keys">Their names.</param>
    /// <param name="application">Whether the program has asked for the other form of cursor keys.</param>
    /// <exception cref="ToolException">One is unknown; the message names those that there are.</exception>
    public static string Send(string keys, bool application)
    {
        var sent = new StringBuilder();
        foreach (var key in keys.Split(' ', StringSplitOptions.RemoveEmptyEntries)) sent.Append(One(key, application));
        return sent.ToString();
    }

    private static string One(string key, bool application)
    {
        var (modifier, name) = key.LastIndexOf('+') is > 0 and var plus && plus < key.Length - 1 ? (key[..plus].ToUpperInvariant(), key[(plus + 1)..]) : ("", key);
        return modifier switch
        {
            "" when Named.TryGetValue(name, out var sent) => sent,
            "" when Cursor.TryGetValue(name, out var letter) => application ? $"\eO{letter}" : $"\e[{letter}",
            "" when name.Length == 1 => name,
            "ALT" when name.Length == 1 => $"\e{name}",
            "ALT" => $"\e{One(name, application)}",
            "SHIFT" when name.Equals("Tab", StringComparison.OrdinalIgnoreCase) => "\e[Z",
            "SHIFT" when Cursor.TryGetValue(name, out var letter) => $"\e[1;2{letter}",
            "CTRL" when Cursor.TryGetValue(name, out var letter) => $"\e[1;5{letter}",
            "CTRL" when name.Equals("Space", StringComparison.OrdinalIgnoreCase) => "\0",
            "CTRL" when name.Length == 1 && char.ToUpperInvariant(name[0]) is >= '@' and <= '_' and var control => ((char)(control - '@')).ToString(),
            _ => throw new ToolException($"There is no key '{key}'. Keys are separated by spaces: single characters, {string.Join(", ", Named.Keys.Concat(Cursor.Keys))}, and Ctrl+C, Alt+x, Shift+Tab and the like. Ordinary text goes into `text`."),
        };
    }
}
