using System.Text;
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
        using var form = new MultipartFormDataContent { { content, "file", "file" } };
        return await SendFormAsync(FilesQuery(path, user), form, cancellationToken).ConfigureAwait(false) is [var file, ..]
            ? file
            : throw new ConnectException(ConnectCode.Internal, "envd reported no written file");
    }

    /// <summary>Writes several files in one request, creating missing parents and replacing what was there.</summary>
    /// <exception cref="ConnectException">HTTP status 400: a path given twice, or a directory stands there; 507: no space left.</exception>
    public async Task<IReadOnlyList<WrittenFile>> WriteFilesAsync(
        IEnumerable<(string Path, HttpContent Content)> files, string? user, CancellationToken cancellationToken)
    {
        // File names are sent as they are, as browsers do; the framework would encode them as mail does.
        using var form = new MultipartFormDataContent { HeaderEncodingSelector = static (_, _) => Encoding.UTF8 };
        foreach (var (path, content) in files)
        {
            var name = path.Replace("\"", "%22", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);
            content.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename=\"{name}\"");
            form.Add(content);
        }

        var query = user is null ? "files" : $"files?username={Uri.EscapeDataString(user)}";
        return await SendFormAsync(query, form, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<WrittenFile>> SendFormAsync(string query, MultipartFormDataContent form, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, query);
        request.Content = form;
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await JsonSerializer.DeserializeAsync(body, EnvdJson.Default.IReadOnlyListWrittenFile, cancellationToken).ConfigureAwait(false) ?? [];
        }
    }

    private static string FilesQuery(string path, string? user) =>
        $"files?path={Uri.EscapeDataString(path)}" + (user is null ? "" : $"&username={Uri.EscapeDataString(user)}");
}
