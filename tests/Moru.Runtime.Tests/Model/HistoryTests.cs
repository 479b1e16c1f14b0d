namespace Moru.Runtime.Tests;

/// <summary>The judge of the model-based tests, judged.</summary>
public sealed class HistoryTests
{
    [Fact]
    public void Calls_that_meet_may_have_happened_in_any_order()
    {
        Assert.True(Explained(Made, new(1, Do(Act.Kill), 3, 6, Outcome.Done), new(2, Do(Act.Find), 4, 5, Outcome.IsRunning)));
        Assert.True(Explained(Made, new(1, Do(Act.Kill), 3, 6, Outcome.Done), new(2, Do(Act.Find), 4, 5, Outcome.NotFound)));
    }

    [Fact]
    public void What_is_gone_does_not_come_back() =>
        Assert.False(Explained(Made, new(1, Do(Act.Kill), 3, 4, Outcome.Done), new(2, Do(Act.Find), 5, 6, Outcome.IsRunning)));

    [Fact]
    public void What_nobody_ended_is_not_gone() => Assert.False(Explained(Made, new(1, Do(Act.Find), 3, 4, Outcome.NotFound)));

    [Fact]
    public void Two_connects_do_not_both_resume()
    {
        var paused = new Call(1, Do(Act.Pause), 3, 4, Outcome.Done);
        var first = new Call(1, Do(Act.Connect), 5, 8, Outcome.Resumed);

        Assert.True(Explained(Made, paused, first, new(2, Do(Act.Connect), 6, 7, Outcome.Done)));
        Assert.False(Explained(Made, paused, first, new(2, Do(Act.Connect), 6, 7, Outcome.Resumed)));
    }

    [Fact]
    public void Only_pauses_that_meet_share_a_success()
    {
        var first = new Call(1, Do(Act.Pause), 3, 5, Outcome.Done);

        Assert.True(Explained(Made, first, new(2, Do(Act.Pause), 4, 6, Outcome.Done)));
        Assert.False(Explained(Made, first, new(2, Do(Act.Pause), 6, 7, Outcome.Done)));
    }

    [Fact]
    public void What_is_due_ends_at_some_time_or_lives_on_when_it_is_extended()
    {
        var expire = new Call(1, Do(Act.Expire), 3, 4, Outcome.Done);

        Assert.True(Explained(Made, expire, new(1, Do(Act.Find), 5, 6, Outcome.NotFound)));
        Assert.True(Explained(Made, expire, new(1, Do(Act.Extend), 5, 6, Outcome.Done), new(1, Do(Act.Find), 7, 8, Outcome.IsRunning)));
        Assert.False(Explained(Made, expire, new(1, Do(Act.Extend), 5, 6, Outcome.Done), new(1, Do(Act.Find), 7, 8, Outcome.NotFound)));
    }

    [Fact]
    public void A_deadline_counts_from_before_what_others_see()
    {
        Call[] calls = [Made, new(1, Do(Act.Pause), 3, 4, Outcome.Done), new(1, Do(Act.Resume), 5, 10, Outcome.Done), new(2, Do(Act.Find), 8, 9, Outcome.IsPaused), new(2, Do(Act.Find), 11, 12, Outcome.NotFound)];

        Assert.True(Explained([.. calls, new(2, Do(Act.Wait), 6, 7, Outcome.Done)]));
        Assert.False(Explained(calls));
    }

    private static Call Made => new(0, Do(Act.Create), 1, 2, Outcome.Done);

    private static Step Do(Act act) => new(act, 0, AutoPause: false);

    private static bool Explained(params Call[] calls) => new History(calls).IsExplained();
}
