using System.Globalization;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Moru.Runtime;

/// <summary>Asks Amazon ECR for a registry login: one call, signed with AWS Signature Version 4.</summary>
internal static partial class AmazonLogin
{
    private const string Target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    private const string Body = "{}";
    private const string SignedHeaders = "content-type;host;x-amz-date;x-amz-target";

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = 1 << 20 };

    public static Task<RegistryLogin> GetAsync(RegistryAccess.Amazon access, CancellationToken cancellationToken) => GetAsync(access, Http, cancellationToken);

    internal static async Task<RegistryLogin> GetAsync(RegistryAccess.Amazon access, HttpClient http, CancellationToken cancellationToken)
    {
        if (!RegionForm().IsMatch(access.Region)) throw Refused($"'{access.Region}' is no AWS region");
        using var request = Request(access, DateTimeOffset.UtcNow);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode) throw Refused($"Amazon ECR answered {(int)response.StatusCode}; check the access key and its rights");
            return LoginOrDefault(await response.Content.ReadAsStringAsync(cancellationToken)) ?? throw Refused($"Amazon ECR in {access.Region} answered without a login");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or FormatException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new RuntimeException(RuntimeError.ImageUnavailable, $"Amazon ECR in {access.Region} gave no login: {failure.Message}", failure);
        }
    }

    internal static HttpRequestMessage Request(RegistryAccess.Amazon access, DateTimeOffset now)
    {
        var host = $"api.ecr.{access.Region}.amazonaws.com{(access.Region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "")}";
        var stamp = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{stamp[..8]}/{access.Region}/ecr/aws4_request";
        var canonical = string.Join('\n',
            "POST", "/", "", "content-type:application/x-amz-json-1.1", $"host:{host}", $"x-amz-date:{stamp}", $"x-amz-target:{Target}", "", SignedHeaders, Hex(Body));
        var toSign = string.Join('\n', "AWS4-HMAC-SHA256", stamp, scope, Hex(canonical));

        var key = Encoding.UTF8.GetBytes("AWS4" + access.SecretAccessKey);
        foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));

        var request = new HttpRequestMessage(HttpMethod.Post, $"https://{host}/") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-amz-json-1.1");
        request.Headers.TryAddWithoutValidation("X-Amz-Date", stamp);
        request.Headers.TryAddWithoutValidation("X-Amz-Target", Target);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={access.AccessKeyId}/{scope}, SignedHeaders={SignedHeaders}, Signature={signature}");
        return request;
    }

    /// <summary>The token is a user and a password with a colon between, in base64.</summary>
    private static RegistryLogin? LoginOrDefault(string json)
    {
        using var answer = JsonDocument.Parse(json);
        return answer.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("authorizationData", out var list) && list is { ValueKind: JsonValueKind.Array } && list.GetArrayLength() > 0
            && list[0] is { ValueKind: JsonValueKind.Object } first && first.TryGetProperty("authorizationToken", out var token) && token.ValueKind is JsonValueKind.String
            && Encoding.UTF8.GetString(Convert.FromBase64String(token.GetString()!)).Split(':', 2) is [var user, var password]
                ? new RegistryLogin(user, password)
                : null;
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static RuntimeException Refused(string problem) => new(RuntimeError.ImageUnavailable, problem);

    [GeneratedRegex("^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\\z")]
    private static partial Regex RegionForm();
}
