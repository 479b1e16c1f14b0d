using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>One envelope as it came over the wire.</summary>
internal sealed record RawMessage(byte Flags, JsonElement Json)
{
    public string? ErrorCode => Json.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;

    public string? ErrorMessage => Json.TryGetProperty("error", out var error) ? error.GetProperty("message").GetString() : null;
}

/// <summary>Calls envd with bytes of the test's choice.</summary>
internal static class RawConnect
{
    public static byte[] Envelope(string json)
    {
        var body = Encoding.UTF8.GetBytes(json);
        var framed = new byte[Protocol.Envelope.HeaderLength + body.Length];
        Protocol.Envelope.WriteHeader(framed, 0, body.Length);
        body.CopyTo(framed, Protocol.Envelope.HeaderLength);
        return framed;
    }

    public static Task<IReadOnlyList<RawMessage>> StartAsync(this EnvdHost envd, string json, params (string Name, string Value)[] headers) =>
        envd.StartAsync(Envelope(json), headers);

    public static Task<IReadOnlyList<RawMessage>> StartAsync(this EnvdHost envd, byte[] body, params (string Name, string Value)[] headers) =>
        envd.StreamAsync("process.Process/Start", body, headers);

    public static async Task<IReadOnlyList<RawMessage>> StreamAsync(this EnvdHost envd, string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var response = await envd.PostAsync(path, "application/connect+json", body, headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/connect+json", response.Content.Headers.ContentType?.ToString());

        var messages = new List<RawMessage>();
        var rest = new ReadOnlySequence<byte>(await response.Content.ReadAsByteArrayAsync());
        while (Protocol.Envelope.TryRead(ref rest, out var flags, out var message))
            messages.Add(new RawMessage(flags, JsonDocument.Parse(message.ToArray()).RootElement));
        Assert.Equal(0, rest.Length);
        return messages;
    }

    public static async Task<HttpResponseMessage> PostAsync(this EnvdHost envd, string path, string type, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(envd.Address, path));
        request.Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await envd.Http.SendAsync(request);
    }

    public static async Task<(HttpStatusCode Status, JsonElement Body)> PostJsonAsync(
        this EnvdHost envd, string path, string json, params (string Name, string Value)[] headers)
    {
        using var response = await envd.PostAsync(path, "application/json", Encoding.UTF8.GetBytes(json), headers);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
