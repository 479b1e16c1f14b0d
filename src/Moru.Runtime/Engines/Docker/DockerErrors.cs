using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Docker.DotNet;

namespace Moru.Runtime;

/// <summary>The one place where failures of the Docker API become ours, and where every call gets its bound.</summary>
internal sealed partial class DockerErrors(string endpoint)
{
    /// <summary>Makes a call that ends within <paramref name="bound"/>.</summary>
    public async Task<T> CallAsync<T>(TimeSpan bound, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(bound);
        try
        {
            return await call(limit.Token);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && Translate(failure) is { } ours)
        {
            throw ours;
        }
    }

    public Task CallAsync(TimeSpan bound, Func<CancellationToken, Task> call, CancellationToken cancellationToken) =>
        CallAsync(bound, async limit => { await call(limit); return true; }, cancellationToken);

    private RuntimeException? Translate(Exception failure) => failure switch
    {
        OperationCanceledException or TimeoutException or HttpRequestException or SocketException or IOException => new(
            RuntimeError.EngineUnavailable, $"Docker Engine does not answer at {endpoint}; start it, or run './moru doctor'.", failure),
        DockerApiException api => new(
            RuntimeError.StartFailed, $"Docker Engine refused ({(int)api.StatusCode}): {Clean(api)}", failure),
        // The client tries every address of a TCP endpoint and reports all failures together.
        AggregateException { InnerException: { } first } => Translate(first),
        _ => null,
    };

    /// <summary>Makes a call that may fail with these words, which say that what it asks for is so already.</summary>
    public static async Task UnlessAsync(string words, Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (DockerApiException failure) when (failure.ResponseBody?.Contains(words, StringComparison.OrdinalIgnoreCase) == true)
        {
            // Docker words this refusal the same in every version, but its status differs.
        }
    }

    public static RuntimeException ImageMissing(ContainerSpec spec, DockerApiException failure) => new(
        RuntimeError.TemplateNotPrepared,
        $"Template '{spec.TemplateId}' has no image on this engine; run './moru doctor', which says how to prepare it.",
        failure);

    public static bool IsImageMissing(DockerApiException failure) =>
        failure is DockerImageNotFoundException
        || failure.StatusCode is HttpStatusCode.NotFound && failure.ResponseBody?.Contains("No such image", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Of overlay2 elsewhere than on xfs with project quotas, and of drivers that know no size.</summary>
    public static bool IsDiskLimitRefused(DockerApiException failure) => failure.ResponseBody?.Contains("storage-opt", StringComparison.OrdinalIgnoreCase) == true;

    public static bool IsNetworkMissing(RuntimeException failure) =>
        failure.InnerException is DockerApiException { StatusCode: HttpStatusCode.NotFound } api
        && api.ResponseBody?.Contains("network", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Docker's own sentence, without the paths of this host that it likes to mention.</summary>
    private static string Clean(DockerApiException failure)
    {
        var text = failure.ResponseBody ?? "";
        try
        {
            using var body = JsonDocument.Parse(text);
            text = body.RootElement.GetProperty("message").GetString() ?? text;
        }
        catch (Exception odd) when (odd is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Something between us and Docker answered; its text is all there is.
        }

        return CleanText(text);
    }

    public static string CleanText(string text) => HostPath().Replace(text, "(a path)").Trim();

    [GeneratedRegex(@"(?<![\w.:/-])/(?!opt/moru/)[\w.@+-]+(/[\w.@+-]+)+")]
    private static partial Regex HostPath();
}
