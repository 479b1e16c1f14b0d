using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class FanoutSpecs
{
    private static readonly ProcessEvent Output = new() { Data = new ProcessData { Stdout = new byte[1] } };
    private static readonly ProcessEvent End = new() { End = new ProcessEnded { Status = "exit status 0" } };

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task A_full_queue_holds_the_process_back_until_its_listener_reads()
    {
        var fanout = new OutputFanout(time);
        using var listener = fanout.Attach();
        await FillAsync(fanout);

        var held = fanout.PublishAsync(Output);
        Assert.False(held.IsCompleted);
        listener.Events.TryRead(out _);

        await held.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_listener_that_reads_nothing_for_a_minute_is_told_so_and_holds_nobody_back_any_more()
    {
        var fanout = new OutputFanout(time);
        using var stalled = fanout.Attach();
        await FillAsync(fanout);
        var held = fanout.PublishAsync(Output);

        time.Advance(OutputFanout.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(held.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));

        await held.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        await FillAsync(fanout);
        for (var i = 0; i < OutputFanout.QueueLength; i++) Assert.True(stalled.Events.TryRead(out _));
        var error = await Assert.ThrowsAsync<ConnectException>(() => stalled.Events.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(ConnectCode.ResourceExhausted, error.Code);
        Assert.Contains("not read for 60 s", error.Message);
    }

    [Fact]
    public async Task Many_stalled_listeners_take_the_patience_of_one()
    {
        var fanout = new OutputFanout(time);
        var stalled = Enumerable.Range(0, 10).Select(_ => fanout.Attach()).ToArray();
        await FillAsync(fanout);

        var held = fanout.PublishAsync(Output);
        time.Advance(OutputFanout.Patience);

        await held.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        foreach (var listener in stalled) listener.Dispose();
    }

    [Fact]
    public async Task A_listener_hears_output_and_end_at_once_whatever_the_others_do()
    {
        var fanout = new OutputFanout(time);
        using var stalled = fanout.Attach();
        await FillAsync(fanout);
        using var live = fanout.Attach();

        var output = fanout.PublishAsync(Output);
        Assert.True(live.Events.TryRead(out _));
        time.Advance(OutputFanout.Patience);
        await output.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
        using var other = fanout.Attach();
        await FillAsync(fanout, live);
        var end = fanout.CompleteAsync(End);

        Assert.True(live.Events.TryRead(out var last));
        Assert.Same(End, last);
        Assert.False(end.IsCompleted);
        other.Dispose();
        await end.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_listener_that_leaves_holds_nobody_back()
    {
        var fanout = new OutputFanout(time);
        var listener = fanout.Attach();
        await FillAsync(fanout);
        var held = fanout.PublishAsync(Output);

        listener.Dispose();

        await held.WaitAsync(Eventually.Limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_comes_after_the_end_hears_the_end_alone()
    {
        var fanout = new OutputFanout(time);
        await fanout.PublishAsync(Output);
        await fanout.CompleteAsync(End);

        using var late = fanout.Attach();

        Assert.True(late.Events.TryRead(out var last));
        Assert.Same(End, last);
        Assert.False(await late.Events.WaitToReadAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(null, 90)]
    [InlineData("", 90)]
    [InlineData("0", 90)]
    [InlineData("-5", 90)]
    [InlineData("soon", 90)]
    [InlineData("NaN", 90)]
    [InlineData("50", 50)]
    [InlineData("0.5", 0.5)]
    public void Keepalives_come_after_90_seconds_unless_asked_otherwise(string? header, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), CallTimes.Keepalive(new HeaderDictionary { [Headers.KeepalivePingInterval] = header }));

    [Theory]
    [InlineData(null, null)]
    [InlineData("0", null)]
    [InlineData("-1", null)]
    [InlineData("1500.0", 1500d)]
    [InlineData("60000", 60000d)]
    public void A_time_limit_is_in_milliseconds_and_zero_means_none(string? header, double? milliseconds) =>
        Assert.Equal(milliseconds, CallTimes.Limit(new HeaderDictionary { [Headers.ConnectTimeoutMs] = header })?.TotalMilliseconds);

    private static async Task FillAsync(OutputFanout fanout, OutputListener? reader = null)
    {
        for (var i = 0; i < OutputFanout.QueueLength; i++)
        {
            await fanout.PublishAsync(Output);
            reader?.Events.TryRead(out _);
        }
    }
}
