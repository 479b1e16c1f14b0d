using System.Globalization;

namespace Moru.Protocol;

/// <summary>A host name that reaches one port of one sandbox: <c>{port}-{sandboxID}.{domain}</c>.</summary>
/// <param name="Port">Port inside the sandbox, 1 to 65535.</param>
/// <param name="SandboxId">The sandbox.</param>
public readonly record struct SandboxHost(int Port, string SandboxId)
{
    /// <summary>Formats the host name under <paramref name="domain"/>, which may carry a port of its own.</summary>
    public string Under(string domain) => string.Create(CultureInfo.InvariantCulture, $"{Port}-{SandboxId}.{domain}");

    /// <summary>Reads the left-most label of a Host header. A third dash part (a legacy client id) is ignored.</summary>
    /// <param name="host">Host header value, with or without a port.</param>
    /// <param name="result">The port and sandbox when the outcome is <see cref="SandboxHostError.None"/>.</param>
    /// <returns>What is wrong with the name, if anything.</returns>
    public static SandboxHostError Parse(ReadOnlySpan<char> host, out SandboxHost result)
    {
        result = default;
        var dot = host.IndexOf('.');
        if (dot < 0) return SandboxHostError.InvalidHost;
        var label = host[..dot];

        var dash = label.IndexOf('-');
        if (dash < 0) return SandboxHostError.InvalidHost;

        if (!int.TryParse(label[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            return SandboxHostError.InvalidPort;

        var id = label[(dash + 1)..];
        var legacy = id.IndexOf('-');
        if (legacy >= 0) id = id[..legacy];
        if (id.IsEmpty) return SandboxHostError.InvalidHost;

        result = new SandboxHost(port, id.ToString().ToLowerInvariant());
        return SandboxHostError.None;
    }
}

/// <summary>Why a Host header does not name a sandbox.</summary>
public enum SandboxHostError
{
    /// <summary>It does.</summary>
    None,

    /// <summary>No dot, no dash, or an empty sandbox id.</summary>
    InvalidHost,

    /// <summary>The part before the dash is not a port number.</summary>
    InvalidPort,
}
