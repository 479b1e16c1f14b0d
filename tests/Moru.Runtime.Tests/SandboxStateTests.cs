using static Moru.Runtime.SandboxPhase;

namespace Moru.Runtime.Tests;

public sealed class SandboxStateTests
{
    private static readonly HashSet<(SandboxPhase, SandboxPhase)> Allowed =
    [
        (Starting, Running), (Starting, Killing),
        (Running, Pausing), (Running, Killing),
        (Pausing, Paused), (Pausing, Resuming), (Pausing, Killing),
        (Paused, Resuming), (Paused, Killing),
        (Resuming, Running), (Resuming, Pausing), (Resuming, Killing),
        (Killing, Ended),
    ];

    [Fact]
    public void Only_the_changes_of_the_table_are_allowed()
    {
        var phases = Enum.GetValues<SandboxPhase>();

        var allowed = from old in phases from next in phases where old.MayBecome(next) select (old, next);

        Assert.Equal(Allowed.Order(), allowed.Order());
    }

    [Fact]
    public void An_illegal_change_is_a_conflict_that_names_both_states()
    {
        var record = new SandboxRecord
        {
            Id = "i1", TeamId = "t1", TemplateId = "base", StartedAt = default, EndAt = default, State = Ended, Metadata = new Dictionary<string, string>(),
            EnvVars = new Dictionary<string, string>(), Secure = false, AllowInternet = true, Limits = new SandboxLimits(1, 1, 0, 1), EnvdDigest = "d",
        };

        var failure = Assert.Throws<RuntimeException>(() => record.Become(Running));

        Assert.Equal(RuntimeError.Conflict, failure.Error);
        Assert.Equal("Sandbox 'i1' is ended; it cannot become running.", failure.Message);
    }
}
