using Moru.Protocol;

namespace Moru.Envd.Tests;

/// <summary>A sandbox ends itself ten minutes after a deadline that nobody moved.</summary>
public sealed class DeadlineSpecs : IAsyncLifetime
{
    // So long over that the sandbox has two seconds left.
    private static readonly TimeSpan NearlyForgotten = -(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(2));
    private const string LongerThanThat = "sleep 4";

    private readonly SandboxEnvd _envd = new();
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _envd.InitializeAsync();

    public ValueTask DisposeAsync() => _envd.DisposeAsync();

    [Fact]
    public async Task Ten_minutes_after_its_deadline_a_sandbox_ends()
    {
        await TellAsync(NearlyForgotten);
        Assert.True(await _envd.RunsAsync());

        await Eventually.TrueAsync(async () => !await _envd.RunsAsync(), "the sandbox ends");
    }

    [Fact]
    public async Task A_deadline_moved_in_time_keeps_it()
    {
        await TellAsync(NearlyForgotten);
        await TellAsync(TimeSpan.FromHours(1), later: 1);

        Assert.Equal(0, (await _envd.ShAsync(LongerThanThat)).End.ExitCode);
    }

    [Fact]
    public async Task An_older_request_does_not_shorten_it()
    {
        await TellAsync(TimeSpan.FromHours(1), later: 1);
        await TellAsync(NearlyForgotten);

        Assert.Equal(0, (await _envd.ShAsync(LongerThanThat)).End.ExitCode);
    }

    [Fact]
    public async Task A_request_without_a_deadline_leaves_the_one_before()
    {
        await TellAsync(NearlyForgotten);
        await _envd.Client.InitAsync(new InitRequest { Timestamp = _now.AddSeconds(1) }, Cancelled);

        await Eventually.TrueAsync(async () => !await _envd.RunsAsync(), "the sandbox ends");
    }

    [Fact]
    public async Task Without_a_deadline_it_lives()
    {
        await _envd.Client.InitAsync(new InitRequest { Timestamp = _now }, Cancelled);

        Assert.Equal(0, (await _envd.ShAsync(LongerThanThat)).End.ExitCode);
    }

    [Fact]
    public async Task A_clock_that_is_wrong_does_not_matter()
    {
        var wrong = _now.AddYears(-1);
        await _envd.Client.InitAsync(new InitRequest { Timestamp = wrong, Deadline = wrong.AddHours(1) }, Cancelled);

        Assert.Equal(0, (await _envd.ShAsync(LongerThanThat)).End.ExitCode);
    }

    [Fact]
    public async Task A_paused_sandbox_does_not_end_when_it_wakes()
    {
        await using var clock = new SandboxEnvd();
        await clock.InitializeAsync();
        await TellAsync(NearlyForgotten);
        await Shell.RunAsync("docker", "pause", _envd.Container);
        await clock.Client.InitAsync(new InitRequest { Timestamp = _now, Deadline = _now + NearlyForgotten + TimeSpan.FromSeconds(8) }, Cancelled);
        await Eventually.TrueAsync(async () => !await clock.RunsAsync(), "enough time has passed");

        await Shell.RunAsync("docker", "unpause", _envd.Container);

        Assert.Equal(0, (await _envd.ShAsync(LongerThanThat)).End.ExitCode);
    }

    [Fact]
    public async Task Outside_of_a_sandbox_a_deadline_ends_nothing()
    {
        await using var daemon = new LoopbackEnvd();
        await daemon.InitializeAsync();
        await daemon.Client.InitAsync(new InitRequest { Timestamp = _now, Deadline = _now.AddDays(-1) }, Cancelled);

        Assert.Equal(0, (await daemon.ShAsync("sleep 1")).End.ExitCode);
    }

    private Task TellAsync(TimeSpan untilDeadline, int later = 0)
    {
        var timestamp = _now.AddSeconds(later);
        return _envd.Client.InitAsync(new InitRequest { Timestamp = timestamp, Deadline = timestamp + untilDeadline }, Cancelled);
    }
}
