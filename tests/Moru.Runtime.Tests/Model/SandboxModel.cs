namespace Moru.Runtime.Tests;

/// <summary>What one sandbox can be, seen from outside, and what may come of each call: the whole contract in one place.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="IsDue">Of a running one: its time is over. Of a paused one: it was paused for that.</param>
/// <param name="AutoPause">What happens when its time is over.</param>
internal readonly record struct SandboxModel(SandboxModel.Is Phase, bool IsDue = false, bool AutoPause = false)
{
    internal enum Is
    {
        Unmade,
        Running,
        Paused,
        Gone,
    }

    /// <summary>What the reaper makes of it, at any moment from now on; null: nothing.</summary>
    public SandboxModel? Reaped => (Phase, IsDue) is not (Is.Running, true) ? null : AutoPause ? this with { Phase = Is.Paused } : new(Is.Gone);

    /// <summary>The same, its time over already.</summary>
    public SandboxModel Late => this with { IsDue = IsDue || Phase is Is.Running };

    /// <returns>Null when this cannot come of that call.</returns>
    public SandboxModel? After(Call call) => (Phase, call.Step.Act, call.Outcome) switch
    {
        (Is.Unmade, Act.Create, Outcome.Done) => new(Is.Running, AutoPause: call.Step.AutoPause),
        (_, Act.Wait, Outcome.Done) => Late,
        (Is.Gone, not (Act.Create or Act.Wait), Outcome.NotFound) => this,

        (Is.Running, Act.Find, Outcome.IsRunning) => this,
        (Is.Running, Act.Pause, Outcome.Done) => new(Is.Paused, AutoPause: AutoPause),
        (Is.Running, Act.Connect or Act.Extend, Outcome.Done) => this with { IsDue = false },
        (Is.Running, Act.Resume, Outcome.Conflict) => this,
        (Is.Running, Act.Expire, Outcome.Done) => this with { IsDue = true },

        (Is.Paused, Act.Find, Outcome.IsPaused) => this,
        (Is.Paused, Act.Pause, Outcome.Conflict) => this,
        // Another pause, or the reaper's, may still have been under way.
        (Is.Paused, Act.Pause, Outcome.Done) when call.MayShare || IsDue => this,
        (Is.Paused, Act.Connect, Outcome.Resumed) => new(Is.Running, AutoPause: AutoPause),
        (Is.Paused, Act.Resume, Outcome.Done) => new(Is.Running, AutoPause: call.Step.AutoPause),
        (Is.Paused, Act.Connect or Act.Resume, Outcome.Full) => this,
        (Is.Paused, Act.Extend or Act.Expire, Outcome.NotFound) => this,

        (Is.Running or Is.Paused, Act.Kill, Outcome.Done) => new(Is.Gone),
        _ => null,
    };
}
