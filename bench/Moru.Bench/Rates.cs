using System.Diagnostics;

namespace Moru.Bench;

/// <summary>How much of something is done in a second; more is better.</summary>
internal static class Rates
{
    public static void Print(string title, string unit, List<double> engine, List<double> envd, string target) =>
        Print(title, unit, ("engine", engine), ("envd", envd), target);

    public static void Print(string title, string unit, (string Name, List<double> Values) baseline, (string Name, List<double> Values) ours, string target)
    {
        Console.WriteLine(title);
        foreach (var (name, values) in new[] { baseline, ours })
            Console.WriteLine($"  {name,-6} {Median(values),10:0.0} {unit}   (min {values.Min():0.0}, max {values.Max():0.0})");
        Console.WriteLine($"  ratio of medians: {Median(ours.Values) / Median(baseline.Values):0.00} (target: {target})\n");
    }

    /// <summary>MiB a second of a transfer.</summary>
    public static async Task<double> ThroughputAsync(long bytes, Func<Task> transfer)
    {
        var watch = Stopwatch.StartNew();
        await transfer();
        return bytes / (double)(1 << 20) / watch.Elapsed.TotalSeconds;
    }

    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
