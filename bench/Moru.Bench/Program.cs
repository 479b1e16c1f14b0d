using Moru.Bench;

if (args is not ([] or [_] or [_, _]) || !int.TryParse(args.FirstOrDefault() ?? "30", out var samples) || samples < 1)
{
    Console.Error.WriteLine("usage: Moru.Bench [SAMPLES (30)] [ENVD (artifacts/envd/envd)]");
    return 2;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

await using var bench = await Setup.StartAsync(args.ElementAtOrDefault(1) ?? "artifacts/envd/envd", interrupted.Token);
Console.WriteLine($"{samples} samples each, taken in turns; times in ms\n");
await Comparisons.CreateAsync(bench, samples, interrupted.Token);
await Comparisons.ExecAsync(bench, samples, interrupted.Token);
await Agent.MeasureAsync(bench, interrupted.Token);
return 0;
