using Moru.Bench;

(string Name, Func<Setup, int, CancellationToken, Task> MeasureAsync)[] groups =
[
    ("create", Creates.MeasureAsync),
    ("first", Comparisons.CreateAsync),
    ("exec", Comparisons.ExecAsync),
    ("latency", ExecLatency.MeasureAsync),
    ("rate", ExecRate.MeasureAsync),
    ("files", Transfers.MeasureAsync),
    ("output", Output.MeasureAsync),
    ("log", FollowedOutput.MeasureAsync),
    ("list", Lists.MeasureAsync),
    ("keys", Keys.MeasureAsync),
    ("proxy", ProxyOverhead.MeasureAsync),
    ("sdk", SdkOverhead.MeasureAsync),
    ("agent", Agent.MeasureAsync),
    ("mcp", McpCalls.MeasureAsync),
    ("mcp-start", McpStarts.MeasureAsync),
    ("builds", Builds.MeasureAsync),
    ("volumes", VolumeTransfers.MeasureAsync),
    ("network", NetworkFilter.MeasureAsync),
];

var samples = int.TryParse(args.LastOrDefault(), out var number) ? number : 30;
var chosen = args.Skip(1).Where(word => !int.TryParse(word, out _)).ToHashSet();
if (args.Length == 0 || samples < 1 || !chosen.IsSubsetOf(groups.Select(group => group.Name)))
{
    Console.Error.WriteLine($"usage: Moru.Bench ENVD [GROUP...] [SAMPLES (30)]; groups: {string.Join(", ", groups.Select(group => group.Name))}");
    return 2;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupted.Cancel();
};

await using var bench = await Setup.StartAsync(args[0], interrupted.Token);
Console.WriteLine($"{samples} samples, taken in turns; times in ms\n");
foreach (var (name, measureAsync) in groups)
{
    if (chosen.Count == 0 || chosen.Contains(name)) await measureAsync(bench, samples, interrupted.Token);
}

return 0;
