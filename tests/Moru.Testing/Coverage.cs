using System.Reflection;
using System.Text.RegularExpressions;
using Xunit.Sdk;

namespace Moru.Testing;

/// <summary>Says which members of the Python reference a test shows to be reached by a tool or a resource.</summary>
/// <param name="entry"><c>tool</c>, <c>tool(parameter)</c>, or the URI template of a resource.</param>
/// <param name="members">As docs/sdk.md names them.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class CoversAttribute(string entry, params string[] members) : Attribute
{
    /// <summary>The tool or resource.</summary>
    public string Entry => entry;

    /// <summary>The members.</summary>
    public IReadOnlyList<string> Members => members;
}

/// <summary>The table of docs/coverage.md, of which each test project makes the part that its tests show.</summary>
public static partial class Coverage
{
    private static readonly string Document = Path.Combine(Artifacts.Root, "docs/coverage.md");

    /// <summary>Every member that the C# SDK has, in its order, which a test there compares with the reference.</summary>
    public static IReadOnlyList<string> Members { get; } =
        [.. File.ReadLines(Path.Combine(Artifacts.Root, "docs/sdk.md")).Select(line => SdkRow().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

    /// <summary>A member without what is said of its parameters.</summary>
    public static string NameOf(string member) => member?.Split('(')[0] ?? "";

    /// <summary>What the tests of an assembly say.</summary>
    public static IReadOnlyList<(string Member, string Entry, string Test)> Rows(Assembly tests)
    {
        ArgumentNullException.ThrowIfNull(tests);
        var order = Members.Select((member, place) => (Name: NameOf(member), place)).DistinctBy(one => one.Name).ToDictionary(one => one.Name, one => one.place);
        return
        [
            .. from type in tests.GetTypes()
               from method in type.GetMethods()
               from covers in method.GetCustomAttributes<CoversAttribute>()
               from member in covers.Members
               orderby order.GetValueOrDefault(NameOf(member), int.MaxValue), member, covers.Entry, method.Name
               select (member, covers.Entry, $"{type.Name}.{method.Name}"),
        ];
    }

    /// <summary>Fails unless the manual's table is the one that the tests make; then writes the one that is.</summary>
    /// <param name="section">The heading that the table follows.</param>
    /// <param name="tests">Where the tests are.</param>
    public static void IsInManual(string section, Assembly tests)
    {
        var lines = File.ReadAllLines(Document).ToList();
        var start = lines.FindIndex(lines.IndexOf(section), line => line.StartsWith("|---", StringComparison.Ordinal)) + 1;
        var end = lines.FindIndex(start, line => !line.StartsWith('|'));
        if (end < 0) end = lines.Count;
        var rows = Rows(tests).Select(row => $"| `{row.Member}` | `{row.Entry}` | `{row.Test}` |").ToList();
        if (rows.SequenceEqual(lines[start..end])) return;

        var received = Path.ChangeExtension(Document, "received.md");
        File.WriteAllLines(received, [.. lines[..start], .. rows, .. lines[end..]]);
        throw new XunitException($"The table '{section}' of the manual is not what the tests say. Compare, and accept it with: mv {received} {Document}");
    }

    [GeneratedRegex(@"^\| `(.+?)` \| `[\w.]+` \| `[\w.]+` \|$")]
    private static partial Regex SdkRow();
}
