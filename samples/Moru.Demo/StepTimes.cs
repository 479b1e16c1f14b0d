using System.Diagnostics;
using System.Globalization;

namespace Moru.Demo;

/// <summary>How long each step took.</summary>
internal sealed class StepTimes
{
    private readonly List<(string Step, TimeSpan Time)> steps = [];

    public async Task<T> MeasureAsync<T>(string step, Func<Task<T>> work)
    {
        Console.WriteLine($"{step} ...");
        var started = Stopwatch.GetTimestamp();
        var result = await work();
        steps.Add((step, Stopwatch.GetElapsedTime(started)));
        return result;
    }

    public Task MeasureAsync(string step, Func<Task> work) => MeasureAsync(step, async () =>
    {
        await work();
        return true;
    });

    public void Add(StepTimes others) => steps.AddRange(others.steps);

    public void Print()
    {
        var width = steps.Max(step => step.Step.Length);
        foreach (var (step, time) in steps.Append(("all", new TimeSpan(steps.Sum(step => step.Time.Ticks)))))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {step.PadRight(width)}  {time.TotalMilliseconds,8:N0} ms"));
    }
}
