namespace Moru.Protocol;

/// <summary>What the proxy says in a 502 of a sandbox that does not run; official servers say the first.</summary>
public static class ProxyAnswers
{
    /// <summary>It did not run when the request came, which therefore never reached it.</summary>
    public const string NotFound = "The sandbox was not found";

    /// <summary>It was paused or ended while it had the request, and may have done what it asks for.</summary>
    public const string CutOff = "The sandbox was paused or ended before it answered";
}
