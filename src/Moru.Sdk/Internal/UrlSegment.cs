namespace Moru;

/// <summary>A name as one segment of a URL's path.</summary>
internal static class UrlSegment
{
    // As URLs are read, "%2E" is a dot; escaped once more it is a name that nothing has, where ".." would be a step upwards.
    public static string Of(string name) => Uri.EscapeDataString(name is "." or ".." ? name.Replace(".", "%2E", StringComparison.Ordinal) : name);
}
