using System.Text.Json;

namespace Moru.Protocol;

public sealed partial class EnvdClient
{
    /// <summary>Opens a file for reading. The answer is the caller's to dispose; its body is not buffered.</summary>
    /// <exception cref="ConnectException">HTTP status 404: no such file; 400: a directory; 401: unknown user or wrong token.</exception>
    public async Task<HttpResponseMessage> OpenFileAsync(string path, string? user, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, FilesQuery(path, user));
        return await SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a file, creating missing parents and replacing what was there.</summary>
    /// <exception cref="ConnectException">HTTP status 400: a directory stands there; 507: no space left.</exception>
    public async Task<WrittenFile> WriteFileAsync(string path, HttpContent content, string? user, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, FilesQuery(path, user));
        using var form = new MultipartFormDataContent { { content, "file", "file" } };
        request.Content = form;
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var written = await JsonSerializer
                .DeserializeAsync(body, EnvdJson.Default.IReadOnlyListWrittenFile, cancellationToken).ConfigureAwait(false);
            return written is [var file, ..] ? file : throw new ConnectException(ConnectCode.Internal, "envd reported no written file");
        }
    }

    private static string FilesQuery(string path, string? user) =>
        $"files?path={Uri.EscapeDataString(path)}" + (user is null ? "" : $"&username={Uri.EscapeDataString(user)}");
}
