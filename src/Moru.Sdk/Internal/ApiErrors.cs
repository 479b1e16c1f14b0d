using System.Net;
using Moru.Protocol;

namespace Moru;

/// <summary>The one place where failures of the wire become this library's exceptions.</summary>
internal static class ApiErrors
{
    public static SandboxException FromApi(ConnectException error) => error.HttpStatus switch
    {
        400 => new InvalidArgumentException(error.Message, error),
        401 or 403 => new AuthenticationException(error.Message, error),
        404 => new NotFoundException(error.Message, error),
        429 => new RateLimitException(error.Message, error),
        507 => new NotEnoughSpaceException(error.Message, error),
        _ => new SandboxException($"{error.HttpStatus}: {error.Message}", error),
    };

    public static SandboxException FromEnvd(ConnectException error, string sandboxId) => error switch
    {
        { HttpStatus: 502, Message: ProxyAnswers.CutOff } => new SandboxTimeoutException(
            $"Sandbox '{sandboxId}' was paused or ended before it answered.", error),
        { HttpStatus: 502 } => new SandboxTimeoutException(
            $"Sandbox '{sandboxId}' is not running: it was killed, its timeout ended it, or it is paused. Create a new one or connect to it again.", error),
        { HttpStatus: 507 } => new NotEnoughSpaceException($"Sandbox '{sandboxId}': {error.Message}.", error),
        { HttpStatus: 400 } or { Code: ConnectCode.InvalidArgument } => new InvalidArgumentException(error.Message, error),
        { HttpStatus: 401 } or { Code: ConnectCode.Unauthenticated } => new AuthenticationException(error.Message, error),
        { HttpStatus: 404 } or { Code: ConnectCode.NotFound } => new NotFoundException(error.Message, error),
        { HttpStatus: 429 } or { Code: ConnectCode.ResourceExhausted } => new RateLimitException(error.Message, error),
        { Code: ConnectCode.Unavailable or ConnectCode.Canceled } => new SandboxTimeoutException(
            $"The connection to sandbox '{sandboxId}' broke off: {error.Message}. It may have ended; list the sandboxes to see.", error),
        { Code: ConnectCode.DeadlineExceeded } => new SandboxTimeoutException(error.Message, error),
        _ => new SandboxException(error.Message, error),
    };

    /// <summary>Whether the server itself could not be reached, as opposed to a request that failed on its way.</summary>
    public static SandboxException FromConnection(HttpRequestException error, string where) =>
        error.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => new ServerUnreachableException(
                $"There is no trusted connection to {where}: {error.InnerException?.Message ?? error.Message} If its certificate is of an authority of its own, name that authority's PEM file in MORU_CA_FILE.", error),
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError => new ServerUnreachableException(
                $"No Moru server answers at {where}: {error.Message}. Start one with './moru serve', or set MORU_API_URL.", error),
            _ => new SandboxException($"The connection to {where} broke off: {error.Message}", error),
        };
}
