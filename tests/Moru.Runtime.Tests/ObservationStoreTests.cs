using Microsoft.Data.Sqlite;

namespace Moru.Runtime.Tests;

/// <summary>What is kept of logs and metrics, and for how long.</summary>
public sealed class ObservationStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly string directory = Directory.CreateTempSubdirectory("moru-observations-").FullName;
    private readonly ObservationStore store;

    public ObservationStoreTests() => store = ObservationStore.Open(directory);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Entries_are_kept_for_seven_days()
    {
        store.Write([Entry("a", 1, Now.AddDays(-8)), Entry("a", 2, Now.AddDays(-6)), Entry("b", 1, Now)]);

        store.Prune(Now);

        Assert.Equal([2L], Sequences("a"));
        Assert.Equal([1L], Sequences("b"));
    }

    [Fact]
    public void A_sandbox_that_prints_much_loses_its_own_oldest_entries()
    {
        store.Write([Entry("quiet", 1, Now)]);
        var text = new string('x', 64 << 10);
        for (var i = 1; i <= 300; i++) store.Write([Entry("loud", i, Now, text)]);

        store.Prune(Now);

        Assert.Equal([1L], Sequences("quiet"));
        var kept = Sequences("loud", limit: 1000);
        Assert.Equal(300, kept[^1]);
        Assert.InRange(kept.Count * (long)text.Length, LogRows.MostOfOne - (1 << 20), LogRows.MostOfOne);
    }

    [Fact]
    public void Beyond_512_MiB_the_oldest_entries_of_all_go()
    {
        const int Sandboxes = 40, Each = 15 << 20;
        for (var i = 0; i < Sandboxes; i++) store.Write([Entry($"s{i}", 1, Now.AddMinutes(i - Sandboxes))]);
        // As if each had printed that much.
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(directory, ObservationStore.FileName)};Pooling=False"))
        {
            connection.Open();
            using var enlarge = connection.CreateCommand();
            enlarge.CommandText = $"UPDATE logs SET size = {Each}";
            enlarge.ExecuteNonQuery();
        }

        store.Prune(Now);

        var kept = (int)(LogRows.MostOfAll / Each);
        Assert.Equal(Enumerable.Range(Sandboxes - kept, kept), Enumerable.Range(0, Sandboxes).Where(i => Sequences($"s{i}").Count > 0));
    }

    [Fact]
    public void An_entry_that_comes_twice_is_kept_once()
    {
        store.Write([Entry("a", 1, Now), Entry("a", 2, Now)]);
        store.Write([Entry("a", 2, Now), Entry("a", 3, Now)]);

        Assert.Equal([1L, 2L, 3L], Sequences("a"));
        Assert.Equal(3, store.LastSequence("a"));
        Assert.Equal(0, store.LastSequence("b"));
    }

    [Fact]
    public void Samples_grow_thinner_with_age_and_end_after_seven_days()
    {
        for (var at = Now.AddHours(-3); at <= Now; at = at.AddSeconds(5)) store.Write([Sample("a", at)]);
        foreach (var days in new[] { 8, 6, 2 })
            for (var minute = 0; minute < 30; minute++) store.Write([Sample("a", Now.AddDays(-days).AddMinutes(minute))]);

        store.Prune(Now);

        Assert.InRange(store.ReadMetrics("a", Now.AddHours(-1), Now).Count, 719, 722);
        Assert.InRange(store.ReadMetrics("a", Now.AddHours(-3), Now.AddHours(-1).AddSeconds(-1)).Count, 119, 122);
        Assert.Equal(2, store.ReadMetrics("a", Now.AddDays(-6), Now.AddDays(-6).AddHours(1)).Count);
        Assert.Empty(store.ReadMetrics("a", Now.AddDays(-9), Now.AddDays(-7)));
        Assert.Equal(Now, store.LatestMetrics("a")!.Timestamp);
    }

    [Fact]
    public void An_answer_has_fewer_than_a_thousand_samples_from_the_whole_range()
    {
        for (var at = Now.AddHours(-3); at <= Now; at = at.AddSeconds(5)) store.Write([Sample("a", at)]);

        var samples = store.ReadMetrics("a", null, null);

        Assert.InRange(samples.Count, 500, 999);
        Assert.InRange(samples[0].Timestamp, Now.AddHours(-3), Now.AddHours(-3).AddMinutes(1));
        Assert.Equal(Now, samples[^1].Timestamp);
        Assert.Equal(samples.OrderBy(sample => sample.Timestamp), samples);
    }

    [Fact]
    public void A_damaged_file_is_put_aside()
    {
        store.Dispose();
        var path = Path.Combine(directory, ObservationStore.FileName);
        foreach (var file in Directory.GetFiles(directory)) File.Delete(file);
        File.WriteAllText(path, new string('x', 100_000));

        using var fresh = ObservationStore.Open(directory);
        fresh.Write([Entry("a", 1, Now)]);

        Assert.Equal(1, fresh.LastSequence("a"));
        Assert.StartsWith("xxx", File.ReadAllText(path + ".damaged"), StringComparison.Ordinal);
    }

    private List<long> Sequences(string sandbox, int limit = 100) =>
        [.. store.ReadLogs(sandbox, new LogQuery { Limit = limit }).Select(line => line.Sequence)];

    private static Observation Entry(string sandbox, long sequence, DateTimeOffset at, string message = "text") =>
        new(sandbox, new LogLine(sequence, at, "stdout", message, new Dictionary<string, string>()));

    private static Observation Sample(string sandbox, DateTimeOffset at) => new(sandbox, Sample: new MetricSample(at, 2, 1, 1, 1, 1, 1));
}
