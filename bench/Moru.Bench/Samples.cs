namespace Moru.Bench;

/// <summary>Durations of one way to do a job.</summary>
internal sealed class Samples(string name)
{
    private readonly List<double> milliseconds = [];

    public void Add(TimeSpan duration) => milliseconds.Add(duration.TotalMilliseconds);

    public static void Print(string title, Samples baseline, Samples ours, string target)
    {
        Console.WriteLine(title);
        baseline.PrintRow();
        ours.PrintRow();
        Console.WriteLine($"  ratio of medians: {ours.Quantile(0.5) / baseline.Quantile(0.5):0.000} (target: {target})\n");
    }

    public void Print(string title, string target)
    {
        Console.WriteLine(title);
        PrintRow();
        Console.WriteLine($"  target: {target}\n");
    }

    public void PrintRow() =>
        Console.WriteLine($"  {name,-38} p50 {Quantile(0.5),8:0.00}   p99 {Quantile(0.99),8:0.00}   min {Quantile(0),8:0.00}");

    /// <summary>The nearest-rank quantile.</summary>
    private double Quantile(double q)
    {
        var sorted = milliseconds.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(q * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
