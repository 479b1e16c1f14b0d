using System.Diagnostics;

namespace Moru.Bench;

/// <summary>How much of something is done in a second; more is better.</summary>
internal static class Rates
{
    public static void Print(string title, string unit, List<double> baseline, List<double> ours, string target, string from = "engine", string to = "envd")
    {
        Console.WriteLine(title);
        Console.WriteLine($"  {from,-6} {Median(baseline),10:0.0} {unit}   (min {baseline.Min():0.0}, max {baseline.Max():0.0})");
        Console.WriteLine($"  {to,-6} {Median(ours),10:0.0} {unit}   (min {ours.Min():0.0}, max {ours.Max():0.0})");
        Console.WriteLine($"  ratio of medians: {Median(ours) / Median(baseline):0.00} (target: {target})\n");
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
