namespace Moru.Protocol;

/// <summary>Error codes of the Connect protocol (connectrpc.com/docs/protocol, "Error Codes").</summary>
public enum ConnectCode
{
    /// <summary>The caller cancelled.</summary>
    Canceled,

    /// <summary>No better code fits.</summary>
    Unknown,

    /// <summary>The request itself is wrong.</summary>
    InvalidArgument,

    /// <summary>Time ran out.</summary>
    DeadlineExceeded,

    /// <summary>The thing asked for does not exist.</summary>
    NotFound,

    /// <summary>The thing to make exists already.</summary>
    AlreadyExists,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>A quota or a resource is used up.</summary>
    ResourceExhausted,

    /// <summary>The system is not in the state this needs.</summary>
    FailedPrecondition,

    /// <summary>Stopped by a conflict.</summary>
    Aborted,

    /// <summary>Past the end.</summary>
    OutOfRange,

    /// <summary>Not offered.</summary>
    Unimplemented,

    /// <summary>A defect of the server.</summary>
    Internal,

    /// <summary>Not reachable now.</summary>
    Unavailable,

    /// <summary>Data is lost.</summary>
    DataLoss,

    /// <summary>No valid credentials.</summary>
    Unauthenticated,
}

/// <summary>Names and HTTP statuses of <see cref="ConnectCode"/>.</summary>
public static class ConnectCodes
{
    private static readonly (string Name, int Status)[] Table =
    [
        ("canceled", 499), ("unknown", 500), ("invalid_argument", 400), ("deadline_exceeded", 504),
        ("not_found", 404), ("already_exists", 409), ("permission_denied", 403), ("resource_exhausted", 429),
        ("failed_precondition", 400), ("aborted", 409), ("out_of_range", 400), ("unimplemented", 501),
        ("internal", 500), ("unavailable", 503), ("data_loss", 500), ("unauthenticated", 401),
    ];

    /// <summary>The code's name on the wire, such as <c>not_found</c>.</summary>
    public static string Name(this ConnectCode code) => Table[(int)code].Name;

    /// <summary>The HTTP status of a unary answer that failed with this code.</summary>
    public static int HttpStatus(this ConnectCode code) => Table[(int)code].Status;

    /// <summary>Reads a wire name; anything unknown is <see cref="ConnectCode.Unknown"/>.</summary>
    public static ConnectCode Parse(string? name)
    {
        var index = Array.FindIndex(Table, row => row.Name == name);
        return index < 0 ? ConnectCode.Unknown : (ConnectCode)index;
    }

    /// <summary>The code that stands for an HTTP status when the body does not say one (Connect protocol, "HTTP to Error Code").</summary>
    public static ConnectCode FromHttpStatus(int status) => status switch
    {
        400 => ConnectCode.Internal,
        401 => ConnectCode.Unauthenticated,
        403 => ConnectCode.PermissionDenied,
        404 => ConnectCode.Unimplemented,
        429 or 502 or 503 or 504 => ConnectCode.Unavailable,
        _ => ConnectCode.Unknown,
    };
}
