using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Moru.Runtime;

/// <summary>Docker's stream of events, opened again whenever it breaks.</summary>
internal sealed class DockerEvents(DockerClient client, DockerErrors errors)
{
    private static readonly TimeSpan OpenBound = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    public async IAsyncEnumerable<EngineEvent> WatchAsync(string ownerId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (true)
        {
            if (await OpenAsync(ownerId, cancellationToken) is { } stream)
            {
                pause = FirstPause;
                yield return new EngineEvent.Connected();
                using var reader = new StreamReader(stream);
                while (await NextAsync(reader, cancellationToken) is { } message)
                    if (Exit(message) is { } exited) yield return exited;
            }

            yield return new EngineEvent.Disconnected();
            await Task.Delay(pause, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <returns>Null when the engine does not answer. The answer's head is there once Docker has subscribed us.</returns>
    private async Task<Stream?> OpenAsync(string ownerId, CancellationToken cancellationToken)
    {
        var parameters = new ContainerEventsParameters
        {
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["type"] = new Dictionary<string, bool> { ["container"] = true },
                ["event"] = new Dictionary<string, bool> { ["die"] = true },
                ["label"] = new Dictionary<string, bool> { [$"{DockerSpec.OwnerLabel}={ownerId}"] = true },
            },
        };
        try
        {
#pragma warning disable CS0618 // The form that is preferred reports messages only; this one also tells when we are subscribed.
            return await errors.CallAsync(OpenBound, limit => client.System.MonitorEventsAsync(parameters, limit), cancellationToken);
#pragma warning restore CS0618
        }
        catch (RuntimeException)
        {
            return null;
        }
    }

    /// <returns>Null at the end of the stream, however it ended.</returns>
    private static async Task<Message?> NextAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } line
                ? JsonSerializer.Deserialize(line, DockerJson.Default.Message)
                : null;
        }
        catch (Exception broken) when (broken is IOException or JsonException)
        {
            return null;
        }
    }

    private static EngineEvent.Exited? Exit(Message message)
    {
        if (message.Actor?.Attributes is not { } attributes) return null;
        if (!attributes.TryGetValue(DockerSpec.SandboxLabel, out var sandboxId)) return null;
        var code = attributes.TryGetValue("exitCode", out var text)
            && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var parsed) ? parsed : -1;
        return new EngineEvent.Exited(sandboxId, code);
    }
}

[JsonSerializable(typeof(Message))]
internal sealed partial class DockerJson : JsonSerializerContext;
