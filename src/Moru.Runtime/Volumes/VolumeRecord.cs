using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>What is known about one volume. Immutable; stored.</summary>
public sealed record VolumeRecord
{
    public required string Id { get; init; }

    public required string TeamId { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its content was last seen to have changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Sum of the sizes of its files, when they were last counted.</summary>
    public long TotalBytes { get; init; }

    public long TotalFiles { get; init; }
}

/// <summary>A row that a page of volumes may begin after.</summary>
public sealed record VolumePosition(DateTimeOffset CreatedAt, string Id);

/// <summary>Volume identifiers: <c>vol_</c> and 20 lower-case letters or digits. No name can be one.</summary>
internal static class VolumeId
{
    private const string Prefix = "vol_", OtherPrefix = "vol-";

    public static string New() => Prefix + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 20);

    /// <summary>Servers exist that write <c>vol-</c>.</summary>
    public static string Normalize(string text) =>
        text.StartsWith(OtherPrefix, StringComparison.Ordinal) ? string.Concat(Prefix, text.AsSpan(OtherPrefix.Length)) : text;
}

/// <summary>What a volume may be called.</summary>
internal static partial class VolumeName
{
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static void Check(string name)
    {
        if (!Rule().IsMatch(name))
        {
            throw new RuntimeException(
                RuntimeError.InvalidArgument,
                $"'{name}' is no name of a volume: use 1 to 63 lower-case letters, digits and dashes, beginning with a letter and not ending with a dash.");
        }
    }

    [GeneratedRegex(@"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Rule();
}
