using System.Collections.Concurrent;
using System.Diagnostics;

namespace Moru.Bench;

/// <summary>Hears how long the stages of creates take.</summary>
internal sealed class Stages : IDisposable
{
    private const string Prefix = "sandbox.create.";

    private readonly ConcurrentDictionary<string, Samples> stages = new();
    private readonly ActivityListener listener;

    public Stages()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Moru.Runtime",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = Note,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Print()
    {
        foreach (var (_, times) in stages) times.PrintRow();
        Console.WriteLine();
    }

    public void Dispose() => listener.Dispose();

    private void Note(Activity span)
    {
        if (!span.OperationName.StartsWith(Prefix, StringComparison.Ordinal)) return;
        var name = span.OperationName[Prefix.Length..];
        stages.GetOrAdd(name, _ => new Samples($"  of which {name}")).Add(span.Duration);
    }
}
