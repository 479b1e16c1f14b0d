using System.Globalization;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Moru.Envd;
using Moru.Protocol;
using AccessToken = Moru.Envd.AccessToken;

namespace Moru.Fuzz.Tests;

public sealed class SignatureProperties
{
    private const long Now = 1_700_000_000;

    // Without a colon: the contract joins the parts with colons, so that parts which hold some can be cut in other places.
    private static readonly Gen<string> Text = Gen.OneOf("", "a", "/x", "~", "é😀", "a b", "%2F", "read", "write", "\0").Array[0, 3].Select(string.Concat);

    private static readonly Gen<Call> Calls = Gen.Select(
        Gen.OneOf("GET", "HEAD", "POST", "PUT", "get"), Gen.OneOf("/files", "/files/", "/envs"), Text, Text, Gen.OneOf("", "5", "1700000000", "1700000001", "-1", "x", "9e9"), Text,
        (method, endpoint, path, user, expiration, signature) => new Call(method, endpoint, path, user, expiration, signature));

    [Fact]
    public void Only_what_was_signed_passes_and_only_in_time() => Gen.Select(Calls, Calls, Text, Gen.Int[0, 3]).Holds(input =>
    {
        var (call, signed, token, source) = input;
        token = "t" + token;
        call = source switch
        {
            0 => call,
            1 => call with { Signature = signed.Sign(token) },
            2 => call with { Signature = call.Sign(token + "x") },
            _ => call with { Signature = call.Sign(token) },
        };

        var isSigned = source == 3 || (source == 1 && call.Signed == signed.Signed);
        var isInTime = call.Expiration.Length == 0 || call.Signed.End >= Now;
        Assert.Equal(call is { Endpoint: "/files", Method: "GET" or "HEAD" or "POST" } && isSigned && isInTime, Passes(call, token));
    });

    private static bool Passes(Call call, string token)
    {
        var check = new AccessToken(new StoppedTime());
        check.Set(token);
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path, request.Query) = (call.Method, call.Endpoint, new QueryCollection(call.Query()));
        try
        {
            check.Check(request);
            return true;
        }
        catch (ConnectException refusal) when (refusal.HttpStatus == StatusCodes.Status401Unauthorized)
        {
            return false;
        }
    }

    private sealed record Call(string Method, string Endpoint, string Path, string User, string Expiration, string Signature)
    {
        public (string Path, FileOperation Operation, string User, long? End) Signed => (Path, Method == "POST" ? FileOperation.Write : FileOperation.Read, User, End);

        private long? End => long.TryParse(Expiration, CultureInfo.InvariantCulture, out var end) ? end : null;

        public string Sign(string token) => Moru.Protocol.Signature.Of(Path, Signed.Operation, User, token, End);

        public Dictionary<string, StringValues> Query()
        {
            var query = new Dictionary<string, StringValues> { ["path"] = Path, ["username"] = User, ["signature"] = Signature };
            if (Expiration.Length > 0) query["signature_expiration"] = Expiration;
            return query;
        }
    }

    private sealed class StoppedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(Now);
    }
}
