using System.Net.Http.Json;
using System.Text.Json;

namespace Moru.Bench;

/// <summary>A file of this machine into a volume and back, as <c>docker cp</c> brings one into a container and back.</summary>
internal static class VolumeTransfers
{
    private const long Size = 256L << 20;
    private const int Rounds = 5;

    public static async Task MeasureAsync(Setup bench, int samples, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("moru-bench-files-");
        using var http = bench.Http();
        await using var container = await AgentContainer.StartAsync(bench.Envd, cancellationToken);
        var made = await http.PostAsJsonAsync("/volumes", new { name = "bench" }, cancellationToken);
        var volume = $"/volumes/{(await made.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("volumeID").GetString()}";
        try
        {
            var (source, back) = (Path.Combine(directory.FullName, "source"), Path.Combine(directory.FullName, "back"));
            await using (var file = File.Create(source)) await new PatternStream(Size).CopyToAsync(file, cancellationToken);
            List<double> dockerUp = [], dockerDown = [], up = [], down = [];
            for (var round = -1; round < Math.Min(samples, Rounds); round++)
            {
                var rates = new[]
                {
                    await Rates.ThroughputAsync(Size, () => Docker.RunAsync(["cp", source, $"{container.Id}:/root/file"], cancellationToken)),
                    await Rates.ThroughputAsync(Size, () => UploadAsync(http, volume, source, cancellationToken)),
                    await Rates.ThroughputAsync(Size, () => Docker.RunAsync(["cp", $"{container.Id}:/root/file", back], cancellationToken)),
                    await Rates.ThroughputAsync(Size, () => DownloadAsync(http, volume, back, cancellationToken)),
                };
                if (round < 0) continue;
                dockerUp.Add(rates[0]);
                up.Add(rates[1]);
                dockerDown.Add(rates[2]);
                down.Add(rates[3]);
            }

            Rates.Print("upload of a file of 256 MiB, docker cp against a volume", "MiB/s", ("docker", dockerUp), ("volume", up), "at least 1");
            Rates.Print("download of a file of 256 MiB", "MiB/s", ("docker", dockerDown), ("volume", down), "at least 1");
        }
        finally
        {
            (await http.DeleteAsync(new Uri(volume, UriKind.Relative), CancellationToken.None)).Dispose();
            directory.Delete(recursive: true);
        }
    }

    private static async Task UploadAsync(HttpClient http, string volume, string source, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        using var body = new StreamContent(file, 1 << 20);
        (await http.PutAsync(new Uri($"{volume}/files/upload?path=/file", UriKind.Relative), body, cancellationToken)).EnsureSuccessStatusCode().Dispose();
    }

    private static async Task DownloadAsync(HttpClient http, string volume, string target, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri($"{volume}/files/download?path=/file", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var file = File.Create(target);
        await response.EnsureSuccessStatusCode().Content.CopyToAsync(file, cancellationToken);
    }
}
