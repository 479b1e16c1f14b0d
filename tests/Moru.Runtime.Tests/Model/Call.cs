namespace Moru.Runtime.Tests;

internal enum Outcome
{
    Done,

    /// <summary>Of a connect: the sandbox was paused.</summary>
    Resumed,
    NotFound,
    Conflict,

    /// <summary>As many sandboxes run as may.</summary>
    Full,
    IsRunning,
    IsPaused,
}

/// <summary>What a client did to one sandbox, and what came of it.</summary>
/// <param name="Client">Who.</param>
/// <param name="Step">What.</param>
/// <param name="Began">Its place among the beginnings and ends of all calls.</param>
/// <param name="Ended">Likewise.</param>
/// <param name="Outcome">What the runtime answered.</param>
internal sealed record Call(int Client, Step Step, long Began, long Ended, Outcome Outcome)
{
    /// <summary>Whether it shares the success of another pause: whoever comes while one is under way does.</summary>
    public bool MayShare { get; set; }

    /// <summary>Whether time may have passed between the moment from which it counted the deadline and the one at which the sandbox ran.</summary>
    public bool MayBeLate { get; set; }

    public bool IsPause => Step.Act is Act.Pause && Outcome is Outcome.Done;

    public bool Meets(Call other) => Began < other.Ended && other.Began < Ended;

    public override string ToString() => $"{Began,5}-{Ended,-5} client {Client,2} {Step} -> {Outcome}";
}
