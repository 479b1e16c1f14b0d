using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>What traffic may enter and leave a sandbox.</summary>
public sealed partial record NetworkRules
{
    /// <summary>Denied: every address.</summary>
    public const string Everything = "0.0.0.0/0";

    private const int MostEntries = 256;

    public static NetworkRules None { get; } = new();

    /// <summary>Whether everybody who knows the host name may reach the sandbox's ports.</summary>
    public bool AllowPublicTraffic { get; init; } = true;

    /// <summary>IP addresses, CIDR ranges and domains that may be reached whatever <see cref="DenyOut"/> says.</summary>
    public IReadOnlyList<string> AllowOut { get; init; } = [];

    /// <summary>IP addresses and CIDR ranges that may not be reached.</summary>
    public IReadOnlyList<string> DenyOut { get; init; } = [];

    /// <summary>Host that the sandbox's servers see in place of the real one; <c>${PORT}</c> stands for the port.</summary>
    public string? MaskRequestHost { get; init; }

    internal bool DeniesEverything => AllowOut.Count == 0 && DenyOut.Contains(Everything);

    /// <summary>Whether a network with or without a way out is not enough.</summary>
    internal bool NeedsFilter => (AllowOut.Count > 0 || DenyOut.Count > 0) && !DeniesEverything;

    /// <exception cref="RuntimeException"><see cref="RuntimeError.InvalidArgument"/>: a rule is malformed.</exception>
    internal void Check(bool secure)
    {
        if (MaskRequestHost is not null && !Host().IsMatch(MaskRequestHost.Replace("${PORT}", "80", StringComparison.Ordinal)))
            throw Invalid($"invalid mask request host '{MaskRequestHost}': give a host or host:port in ASCII, without a scheme; ${{PORT}} stands for the port");

        if (AllowOut.Count > MostEntries || DenyOut.Count > MostEntries) throw Invalid($"allowOut and denyOut hold at most {MostEntries} entries each");
        if (DenyOut.FirstOrDefault(entry => !IsAddress(entry)) is { } denied)
            throw Invalid($"invalid denied CIDR '{denied}': give an IP address or a range such as 203.0.113.0/24; domains cannot be denied");
        if (AllowOut.FirstOrDefault(entry => !IsAddress(entry) && !IsDomain(entry)) is { } allowed)
            throw Invalid($"invalid allowed address '{allowed}': give an IP address, a range such as 203.0.113.0/24, or a domain");
        if (AllowOut.FirstOrDefault(entry => !IsAddress(entry)) is { } domain && !DenyOut.Contains(Everything))
            throw Invalid($"the allowed domain '{domain}' restricts nothing by itself: deny '{Everything}' as well");

        if (!AllowPublicTraffic && !secure)
            throw Invalid("allowPublicTraffic false needs secure true, since otherwise the agent of the sandbox would stay open");
    }

    private static bool IsAddress(string text) => AddressRange.TryParse(text, out _);

    private static bool IsDomain(string text)
    {
        var name = text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text;
        return text == "*" || (text.Contains('.', StringComparison.Ordinal) && !name.EndsWith('.') && HostName.TryParse(name, out _));
    }

    private static RuntimeException Invalid(string message) => new(RuntimeError.InvalidArgument, message + ".");

    [GeneratedRegex(@"^(?=.{1,253}\z)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:\d{1,5})?\z")]
    private static partial Regex Host();
}
