namespace Moru.Evals;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public IReadOnlyList<string> Faces { get; init; } = [];

    public string Filter { get; init; } = "";

    public bool Fast { get; init; }

    public string Out { get; init; } = "artifacts/evals";

    /// <summary>Tasks at a time; more of them make times compare less.</summary>
    public int Parallel { get; init; } = Environment.ProcessorCount;

    public string? Baseline { get; init; }

    public string? Accept { get; init; }

    public static int Usage()
    {
        Console.Error.WriteLine($"""
            Usage: Moru.Evals [--face NAME]... [--filter TEXT] [--fast] [--parallel N] [--out DIR] [--baseline FILE] [--accept FILE]

            Tries tasks in sandboxes, those of the server that MORU_API_URL and MORU_API_KEY name or of one that is started for it, with the model of MORU_MODEL (default: each task's own script).
            Writes report.json, report.md, report.html and a trajectory for each attempt into DIR (default: artifacts/evals). Exit code 1 when a task failed through a face of ours or something is worse than the
            baseline FILE; --accept FILE stores the numbers as a baseline. Faces: {string.Join(", ", AllFaces.Names)}.
            """);
        return 2;
    }

    public static Options? Parse(string[] args)
    {
        var options = new Options();
        for (var index = 0; index < args.Length; index++)
        {
            if (args[index] == "--fast")
            {
                options = options with { Fast = true };
                continue;
            }

            if (index + 1 == args.Length) return null;
            var value = args[index + 1];
            switch (args[index++])
            {
                case "--face" when AllFaces.Names.Contains(value): options = options with { Faces = [.. options.Faces, value] }; break;
                case "--filter": options = options with { Filter = value }; break;
                case "--parallel" when int.TryParse(value, out var number) && number is > 0 and <= 64: options = options with { Parallel = number }; break;
                case "--out": options = options with { Out = value }; break;
                case "--baseline": options = options with { Baseline = value }; break;
                case "--accept": options = options with { Accept = value }; break;
                default: return null;
            }
        }

        return options;
    }
}
