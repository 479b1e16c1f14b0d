using System.Globalization;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>What the command line says.</summary>
internal readonly record struct Flags(int Port, bool ShowVersion)
{
    public const string Usage = "usage: envd [--port NUMBER | --version]";

    /// <returns>Null when the command line makes no sense.</returns>
    public static Flags? ParseOrDefault(string[] arguments) => arguments switch
    {
        [] => new Flags(Ports.Envd, ShowVersion: false),
        ["--version"] => new Flags(0, ShowVersion: true),
        ["--port", var text] when ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) => new Flags(port, ShowVersion: false),
        _ => null,
    };
}
