using System.Diagnostics;
using System.Globalization;

namespace Moru.Runtime;

/// <summary>How long each stage of one create took: a trace span for each, and all of them in one line.</summary>
internal sealed class StageTimes(Activity? whole) : IDisposable
{
    public static readonly ActivitySource Source = new("Moru.Runtime");

    private readonly long begun = Stopwatch.GetTimestamp();
    private readonly List<(string Name, TimeSpan Took)> stages = [];

    public string Current { get; private set; } = "admission";

    public static StageTimes Begin() => new(Source.StartActivity("sandbox.create"));

    public double TotalMs => Stopwatch.GetElapsedTime(begun).TotalMilliseconds;

    public async Task<T> MeasureAsync<T>(string stage, Func<Task<T>> work)
    {
        Current = stage;
        using var span = Source.StartActivity("sandbox.create." + stage);
        var started = Stopwatch.GetTimestamp();
        try
        {
            return await work();
        }
        catch (Exception failure)
        {
            span?.SetStatus(ActivityStatusCode.Error, failure.GetType().Name);
            throw;
        }
        finally
        {
            stages.Add((stage, Stopwatch.GetElapsedTime(started)));
        }
    }

    public void Name(string sandboxId, string templateId) => whole?.SetTag("moru.sandbox", sandboxId).SetTag("moru.template", templateId);

    public void Fail(Exception failure) => whole?.SetStatus(ActivityStatusCode.Error, failure.Message);

    /// <summary>Such as <c>admission 1.2, start 281.0, agent 4.8, init 0.9</c>.</summary>
    public override string ToString() => string.Join(
        ", ", stages.Select(stage => string.Create(CultureInfo.InvariantCulture, $"{stage.Name} {stage.Took.TotalMilliseconds:0.0}")));

    public void Dispose() => whole?.Dispose();
}
