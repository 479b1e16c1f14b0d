using Moru.Tools;
using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>What has to outlive a sandbox.</summary>
internal static class VolumeTasks
{
    private const string Made = "Created sandbox (\\w+)";

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "volume/carry",
            Fast = true,
            ToolsOnly = true,
            Toolsets = Toolsets.Core | Toolsets.Volumes,
            Volume = "eval-carry",
            Prompt = "Make a volume eval-carry. In a sandbox that has it, write the numbers 1 to 10, one a line, into numbers.txt on it, and end the sandbox. In another sandbox write their sum into total.txt on it, tell the sum, and end that sandbox too.",
            CheckAsync = async done => await done.AnswerHasAsync("55") ?? await done.VolumeFileIsAsync("eval-carry", "/numbers.txt", string.Join('\n', Enumerable.Range(1, 10))) ?? await done.VolumeFileIsAsync("eval-carry", "/total.txt", "55"),
            Deterministic = false, // sandboxes and volumes have ids
            Solution =
            [
                Call("manage_volume", ("action", "create"), ("volume", "eval-carry")),
                Mounting,
                seen => Act("run_command", ("command", "seq 1 10 | sudo tee /data/numbers.txt > /dev/null"), ("sandbox_id", seen.Find(Made))),
                seen => Act("kill_sandbox", ("sandbox_id", seen.Find(Made))),
                Mounting,
                seen => Act("run_command", ("command", "awk '{ sum += $1 } END { print \"sum\", sum }' /data/numbers.txt | cut -d' ' -f2 | sudo tee /data/total.txt"), ("sandbox_id", seen.Find(Made))),
                seen => Act("kill_sandbox", ("sandbox_id", seen.Find(Made))),
                seen => new Step.Say($"The sum is {seen.Find(@"(?m)^(\d+)$")}."),
            ],
        },
        new()
        {
            Id = "volume/without-a-sandbox",
            ToolsOnly = true,
            Toolsets = Toolsets.Core | Toolsets.Volumes,
            Volume = "eval-config",
            VolumeFiles = new Dictionary<string, string> { ["/app/release.txt"] = "v1\n", ["/app/old.txt"] = "old\n", ["/keep.txt"] = "kept\n" },
            Prompt = "In the volume eval-config raise the version in /app/release.txt by one, delete /app/old.txt, and make no sandbox for that.",
            CheckAsync = async done => await done.VolumeFileIsAsync("eval-config", "/app/release.txt", "v2") ?? await done.VolumeHasAsync("eval-config", "/app", "release.txt") ?? await done.VolumeFileIsAsync("eval-config", "/keep.txt", "kept"),
            Solution =
            [
                Call("volume_file", ("volume", "eval-config"), ("action", "read"), ("path", "/app/release.txt")),
                seen => Act("volume_file", ("volume", "eval-config"), ("action", "write"), ("path", "/app/release.txt"), ("content", $"v{int.Parse(seen.Find(@"v(\d)")) + 1}\n")),
                Call("volume_file", ("volume", "eval-config"), ("action", "delete"), ("path", "/app/old.txt")),
                Say("Done."),
            ],
        },
    ];

    private static Move Mounting => seen => Act("create_sandbox", ("timeout_seconds", 300), ("volume_id", seen.Find(@"eval-carry  (\S+)  ")), ("volume_path", "/data"));
}
