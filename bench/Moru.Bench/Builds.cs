using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Moru.Bench;

/// <summary>Builds of a template of ten steps: all of them, none of them, and the last of them.</summary>
internal static class Builds
{
    private const int Steps = 10;
    private const int Rounds = 5;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        var rounds = Math.Min(samples, Rounds);
        using var http = bench.Http();
        try
        {
            await MeasureAsync(http, "steps of a second", "sleep 1", rounds, cancellationToken);
            await MeasureAsync(http, "steps that take no time", "true", rounds, cancellationToken);
        }
        finally
        {
            await RemoveImagesAsync(bench.Server.OwnerId);
        }
    }

    private static async Task MeasureAsync(HttpClient http, string what, string command, int rounds, CancellationToken cancellationToken)
    {
        var (cold, changed, cached) = (new Samples("all steps, forced"), new Samples("the last step changed"), new Samples("nothing changed"));
        for (var round = -1; round < rounds; round++)
        {
            var steps = Enumerable.Range(1, Steps).Select(i => $"{command}; echo {i} >> ~/log").ToArray();
            var first = await TimeAsync(http, steps, force: true, cancellationToken);
            var second = await TimeAsync(http, [.. steps[..^1], $"{steps[^1]}; echo {round} >> ~/log"], force: false, cancellationToken);
            var third = await TimeAsync(http, [.. steps[..^1], $"{steps[^1]}; echo {round} >> ~/log"], force: false, cancellationToken);
            if (round < 0) continue;
            cold.Add(first);
            changed.Add(second);
            cached.Add(third);
        }

        Samples.Print($"build of {Steps} steps, {what}: one changed against all", cold, changed, "at most 0.15");
        Samples.Print($"build of {Steps} steps, {what}: cached against all", cold, cached, "at most 0.15");
    }

    private static async Task<TimeSpan> TimeAsync(HttpClient http, string[] commands, bool force, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var made = await JsonAsync(await http.PostAsJsonAsync("/v3/templates", new { alias = "bench" }, cancellationToken), cancellationToken);
        var build = $"templates/{made.GetProperty("templateID").GetString()}/builds/{made.GetProperty("buildID").GetString()}";
        var plan = new { fromImage = "ghcr.io/moru-ai/base", force, steps = commands.Select(command => new { type = "RUN", args = new[] { command } }) };
        (await http.PostAsJsonAsync($"/v2/{build}", plan, cancellationToken)).EnsureSuccessStatusCode().Dispose();
        while (true)
        {
            var status = (await JsonAsync(await http.GetAsync(new Uri($"/{build}/status?logsOffset=100000", UriKind.Relative), cancellationToken), cancellationToken)).GetProperty("status").GetString();
            if (status == "ready") return watch.Elapsed;
            if (status == "error") throw new InvalidOperationException("the build failed");
            await Task.Delay(10, cancellationToken);
        }
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response) return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    private static async Task RemoveImagesAsync(string owner)
    {
        var images = await Docker.RunAsync(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", $"reference=moru-template/{owner}/*"], CancellationToken.None);
        if (images.Length > 0) await Docker.RunAsync(["image", "rm", "--force", .. images.Split('\n', StringSplitOptions.RemoveEmptyEntries)], CancellationToken.None);
    }
}
