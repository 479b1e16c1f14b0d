using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Moru.Protocol;

namespace Moru.Envd;

/// <summary>What the headers of every call may ask for.</summary>
internal static class ConnectHeaders
{
    private const string Version = "1", Uncompressed = "identity";

    // A call without a stream is compressed by HTTP's own header, the messages of a stream by the second.
    private static readonly (string Sent, string Accepted)[] Encodings =
        [(HeaderNames.ContentEncoding, HeaderNames.AcceptEncoding), ("Connect-Content-Encoding", "Connect-Accept-Encoding")];

    /// <exception cref="ConnectException">It is another version of the protocol, or compressed.</exception>
    public static void Check(HttpContext context)
    {
        var version = context.Request.Headers[Headers.ConnectProtocolVersion].ToString();
        if (version is not ("" or Version))
            throw new ConnectException(ConnectCode.InvalidArgument, $"{Headers.ConnectProtocolVersion} must be \"{Version}\", not \"{version}\"");

        foreach (var (sent, accepted) in Encodings)
        {
            var encoding = context.Request.Headers[sent].ToString();
            if (encoding.Length == 0 || encoding.Equals(Uncompressed, StringComparison.OrdinalIgnoreCase)) continue;
            context.Response.Headers[accepted] = Uncompressed;
            throw new ConnectException(ConnectCode.Unimplemented, $"{sent} \"{encoding}\" is not supported, only \"{Uncompressed}\" is: send it uncompressed");
        }
    }
}
