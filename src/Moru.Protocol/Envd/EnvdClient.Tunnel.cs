using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    /// <summary>What a request for a tunnel names in its <c>Upgrade</c> header.</summary>
    public const string TunnelProtocol = "moru-tcp";

    /// <summary>Connects to a port inside the sandbox as a program there would: also to servers that listen on localhost alone.</summary>
    /// <returns>The connection. Its end at one side is its end at the other.</returns>
    /// <exception cref="ConnectException">Nothing listens on the port (HTTP status 502), or envd refused.</exception>
    public async Task<Stream> OpenTunnelAsync(int port, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"tunnel?port={port}"));
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue(TunnelProtocol));
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.SwitchingProtocols)
            return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using (response)
            throw await ConnectClient.ReadErrorAsync(response, cancellationToken).ConfigureAwait(false);
    }
}
