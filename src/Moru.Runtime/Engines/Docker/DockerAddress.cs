namespace Moru.Runtime;

/// <summary>Addresses of engines, as <c>DOCKER_HOST</c> has them.</summary>
internal static class DockerAddress
{
    private const string Usual = "unix:///var/run/docker.sock";

    /// <exception cref="RuntimeException"><see cref="RuntimeError.EngineUnavailable"/>: no engine can have this address.</exception>
    public static Uri Parse(string text)
    {
        if (text.StartsWith('/')) throw Refused(text, $"a path without a scheme; set it to unix://{text}");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address)) throw Refused(text, $"no address; set it to {Usual} or tcp://HOST:2375, or unset it");
        return address.Scheme switch
        {
            "unix" => address.AbsolutePath is ['/', _, ..] && address.Host.Length == 0 ? address : throw Refused(text, $"no absolute path of a socket; set it to {Usual}"),
            "npipe" => address,
            "tcp" or "http" or "https" when address.Host.Length == 0 => throw Refused(text, $"without a host; set it to tcp://HOST:2375 or {Usual}"),
            "tcp" when address.Port <= 0 => throw Refused(text, $"without a port; set it to tcp://{address.Host}:2375"),
            "tcp" or "http" or "https" => address,
            "ssh" => throw Refused(text, $"an address of SSH, which Moru does not speak; forward the socket (ssh -L /tmp/docker.sock:/var/run/docker.sock {address.Host}) and set it to unix:///tmp/docker.sock"),
            _ => throw Refused(text, $"of the unknown scheme '{address.Scheme}'; set it to {Usual} or tcp://HOST:2375, or unset it"),
        };
    }

    private static RuntimeException Refused(string text, string problem) => new(RuntimeError.EngineUnavailable, $"DOCKER_HOST is '{text}', which is {problem}.");
}
