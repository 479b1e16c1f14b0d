using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>Names of images as Docker reads them: <c>[registry/]path[:tag][@digest]</c>.</summary>
public static partial class ImageName
{
    /// <summary>Prefix of the names of images that builds make. Nobody may start a build from those.</summary>
    internal const string Own = "moru-template/";

    private const string OfficialBase = "ghcr.io/moru-ai/base";
    private const int Longest = 400;

    /// <summary>The name that the engine is asked for: with its tag, and the one of our base image for the official one.</summary>
    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>.</exception>
    public static string Resolve(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        name = name.Trim();
        if (name.Length > Longest || !Form().IsMatch(name))
            throw new RuntimeException(RuntimeError.InvalidArgument, $"'{name}' is no image name; write it like python:3.11 or registry.example.com/team/image:tag");
        if (name.StartsWith(Own, StringComparison.Ordinal))
            throw new RuntimeException(RuntimeError.InvalidArgument, $"'{name}' is an image of this server's own; use fromTemplate to start from a template");
        if (name == OfficialBase || name.StartsWith(OfficialBase + ":", StringComparison.Ordinal)) return BuiltInTemplates.BaseImage;
        return name.Contains('@', StringComparison.Ordinal) || Split(name).HasTag ? name : name + ":latest";
    }

    /// <summary>The host that serves the image; that of Docker Hub for a name without one.</summary>
    public static string Registry(string image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var first = image.Split('/')[0];
        var isHost = image.Contains('/', StringComparison.Ordinal) && (first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost");
        return isHost ? first : "https://index.docker.io/v1/";
    }

    /// <summary>Repository and tag, or digest. A colon before the last slash belongs to a port.</summary>
    internal static NameParts Split(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0) return new NameParts(image[..at], image[(at + 1)..], HasTag: true);
        var colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? new NameParts(image[..colon], image[(colon + 1)..], HasTag: true) : new NameParts(image, "latest", HasTag: false);
    }

    [GeneratedRegex(@"^([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}

internal readonly record struct NameParts(string Repository, string Tag, bool HasTag)
{
    public void Deconstruct(out string repository, out string tag) => (repository, tag) = (Repository, Tag);
}
