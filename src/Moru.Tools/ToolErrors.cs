using Moru.Protocol;

namespace Moru.Tools;

/// <summary>The one place where the SDK's exceptions become words for a model.</summary>
internal static class ToolErrors
{
    public static ToolException From(SandboxException error) => new(Explain(error), error);

    public static string Explain(SandboxException error) => error switch
    {
        ServerUnreachableException => $"{Sentence(error)} Every sandbox tool fails until it answers: try once more, then tell the user.",
        AuthenticationException => $"The server refused the credentials: {Sentence(error)} Ask the user to check MORU_API_KEY.",
        RateLimitException => $"{Sentence(error)} Find sandboxes that are no longer needed with list_sandboxes, end them with kill_sandbox, then try again.",
        NotEnoughSpaceException => $"{Sentence(error)} Free some space (`du -sh * | sort -h` and `rm` with run_command) or work in another sandbox from create_sandbox.",
        SandboxTimeoutException { InnerException: ConnectException { HttpStatus: 502 } } => $"{Sentence(error)} What was asked for may have been done all the same: look before you do it again.",
        SandboxTimeoutException => $"{Sentence(error)} Call list_sandboxes to see what still runs.",
        _ => Sentence(error),
    };

    /// <summary>Whether a sandbox is no longer there, so that the request never reached it and may be made again elsewhere.</summary>
    public static bool IsGone(SandboxException error) => error is SandboxTimeoutException { InnerException: ConnectException { HttpStatus: 502, Message: ProxyAnswers.NotFound } };

    /// <summary>The message with a full stop at its end, ready for a next sentence.</summary>
    public static string Sentence(Exception error)
    {
        var text = error.Message.Trim();
        return text.Length > 0 && text[^1] is '.' or '!' or '?' ? text : text + ".";
    }
}
