using Microsoft.AspNetCore.Http;

namespace Moru.Envd;

/// <summary>
/// Lets web pages of any origin call envd (fetch.spec.whatwg.org, "CORS protocol"). No cookie is involved: who may do what is a matter of the token.
/// </summary>
internal static class CrossOrigin
{
    // What a page may read besides the headers that every page may read.
    private const string Exposed = "Accept-Post, Accept-Ranges, Connect-Content-Encoding, Content-Encoding, Content-Range, ETag";

    /// <returns>Whether this was a browser's question before the call, which is answered now and carries no token.</returns>
    public static bool Answer(HttpContext context)
    {
        var (request, answer) = (context.Request.Headers, context.Response.Headers);
        if (request.Origin.Count == 0) return false;
        answer.Vary = "Origin";
        answer.AccessControlAllowOrigin = "*";
        if (!HttpMethods.IsOptions(context.Request.Method) || request.AccessControlRequestMethod.Count == 0)
        {
            answer.AccessControlExposeHeaders = Exposed;
            return false;
        }

        answer.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        answer.AccessControlAllowMethods = "HEAD, GET, POST, PUT, PATCH, DELETE";
        // Named one by one: a '*' would not cover Authorization.
        if (request.AccessControlRequestHeaders.Count > 0) answer.AccessControlAllowHeaders = request.AccessControlRequestHeaders;
        answer.AccessControlMaxAge = "7200";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
