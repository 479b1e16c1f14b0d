using CsCheck;

namespace Moru.Runtime.Tests;

internal enum Act
{
    Create,
    Find,
    Pause,
    Connect,
    Resume,
    Extend,

    /// <summary>Sets a deadline that is over.</summary>
    Expire,
    Kill,

    /// <summary>Two hours pass, which is more than any sandbox here lives.</summary>
    Wait,
}

/// <summary>One thing that a client does.</summary>
/// <param name="Act">What.</param>
/// <param name="Pick">To which of the sandboxes made last.</param>
/// <param name="AutoPause">For what it makes or resumes.</param>
internal sealed record Step(Act Act, int Pick, bool AutoPause)
{
    // So few that clients meet.
    private const int Sandboxes = 5;

    private static readonly Gen<Step> Any = Gen.Select(
        Gen.Frequency(
            (4, Gen.Const(Act.Create)), (4, Gen.Const(Act.Find)), (8, Gen.Const(Act.Pause)), (6, Gen.Const(Act.Connect)), (5, Gen.Const(Act.Resume)),
            (4, Gen.Const(Act.Extend)), (3, Gen.Const(Act.Expire)), (2, Gen.Const(Act.Kill)), (1, Gen.Const(Act.Wait))),
        Gen.Int[0, Sandboxes - 1], Gen.Bool, (act, pick, autoPause) => new Step(act, pick, autoPause));

    /// <summary>What each of so many clients does, one after the other.</summary>
    public static Gen<Step[][]> Scripts(int clients, int most) => Any.Array[0, most].Array[clients];

    public static string Print(Step[][] scripts) =>
        string.Join('\n', scripts.Select((script, client) => $"client {client}: {string.Join(", ", script.AsEnumerable())}"));

    public override string ToString() => $"{Act}({Pick}{(AutoPause ? ", autoPause" : "")})";
}
