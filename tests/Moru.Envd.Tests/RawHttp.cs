using System.Net;
using System.Text.Json;
using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>Plain HTTP calls of envd, with headers as a test wants them.</summary>
internal static class RawHttp
{
    public static async Task<HttpResponseMessage> SendAsync(this EnvdHost envd, string method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(envd.Address, path)) { Content = body };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await envd.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> SendAsync(this EnvdHost envd, string method, string path, params (string Name, string Value)[] headers) =>
        envd.SendAsync(method, path, null, headers);

    public static Task<string> TextAsync(this HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>Checks the form of every error of envd's plain calls.</summary>
    public static async Task AssertErrorAsync(this HttpResponseMessage response, HttpStatusCode status, string message)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = JsonSerializer.Deserialize(await response.TextAsync(), EnvdJson.Default.ApiError);
        Assert.Equal((int)status, error?.Code);
        Assert.Contains(message, error?.Message);
    }
}
