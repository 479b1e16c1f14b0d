namespace Moru.Protocol;

/// <summary>A failed call of the Connect protocol: thrown by handlers in envd, and by <see cref="ConnectClient"/> at the caller.</summary>
public sealed class ConnectException : Exception
{
    /// <summary>Makes the error of a call.</summary>
    /// <param name="code">What kind of failure it is.</param>
    /// <param name="message">What went wrong; the caller reads it.</param>
    /// <param name="httpStatus">HTTP status of the answer when it was not a Connect error, else 0.</param>
    public ConnectException(ConnectCode code, string message, int httpStatus = 0)
        : base(message)
    {
        Code = code;
        HttpStatus = httpStatus;
    }

    /// <summary>What kind of failure it is.</summary>
    public ConnectCode Code { get; }

    /// <summary>HTTP status when the answer was no Connect error (a proxy's 502, a 401 of the token check); 0 otherwise.</summary>
    public int HttpStatus { get; }
}

/// <summary>Error of a Connect call on the wire.</summary>
/// <param name="Code">Wire name of a <see cref="ConnectCode"/>. Kept as text: proxies in between may write numbers.</param>
/// <param name="Message">What went wrong.</param>
public sealed record ConnectError(string Code, string? Message)
{
    /// <summary>The wire form of <paramref name="exception"/>.</summary>
    public static ConnectError From(ConnectException exception) => new(exception.Code.Name(), exception.Message);
}

/// <summary>Last message of every stream.</summary>
/// <param name="Error">Why the stream failed; null when it ended well.</param>
public sealed record StreamEnd(ConnectError? Error = null);
