using Microsoft.Extensions.Time.Testing;

namespace Moru.Runtime.Tests;

public sealed class AlarmTests
{
    [Fact]
    public async Task A_loop_that_is_always_late_still_ends_when_it_is_told_to()
    {
        var alarm = new Alarm(new FakeTimeProvider());
        using var stop = new CancellationTokenSource();
        await alarm.WaitAsync(() => DateTimeOffset.MinValue, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alarm.WaitAsync(() => DateTimeOffset.MinValue, stop.Token));
    }
}
