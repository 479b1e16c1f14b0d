namespace Moru.Runtime;

/// <summary>What a team did at one moment.</summary>
/// <param name="TeamId">The team.</param>
/// <param name="At">The end of the time that was looked at.</param>
/// <param name="ConcurrentSandboxes">Sandboxes that started or ran then.</param>
/// <param name="StartRate">Sandboxes started per second since the sample before.</param>
public sealed record TeamSample(string TeamId, DateTimeOffset At, int ConcurrentSandboxes, double StartRate);
