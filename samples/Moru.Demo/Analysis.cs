namespace Moru.Demo;

/// <summary>The job: a file and a program go in, a report comes out.</summary>
internal static class Analysis
{
    public static async Task RunAsync(DemoSandbox sandbox, InputFile file, CancellationToken cancellationToken)
    {
        var times = sandbox.Times;
        await times.MeasureAsync("create a sandbox", () => sandbox.CreateAsync(cancellationToken));
        await times.MeasureAsync($"upload {file.Name} ({file.SizeBytes:N0} bytes)", () => sandbox.WriteAsync("data.csv", file.Text, cancellationToken));
        await times.MeasureAsync("write the program", () => sandbox.WriteAsync("analyse.py", Program(), cancellationToken));
        await times.MeasureAsync("run it", () => sandbox.RunAsync("python3 -u analyse.py data.csv report.md", cancellationToken));
        var report = await times.MeasureAsync("read the report", () => sandbox.ReadAsync("report.md", cancellationToken));
        await times.MeasureAsync("kill the sandbox", () => sandbox.KillAsync(cancellationToken));

        Console.WriteLine($"\n{report}");
        times.Print();
    }

    private static string Program()
    {
        using var resource = typeof(Analysis).Assembly.GetManifestResourceStream("analyse.py")!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
