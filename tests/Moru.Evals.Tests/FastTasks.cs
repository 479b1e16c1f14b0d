using System.Collections.Concurrent;

namespace Moru.Evals.Tests;

/// <summary>The fast subset, through every face, as CI runs it.</summary>
public sealed class FastTasks(ServerFixture fixture)
{
    private static readonly string Baseline = Path.Combine(Artifacts.Root, "evals/baselines/script.json");

    private static IReadOnlyList<EvalTask> Fast => AllTasks.Where("", fast: true);

    private EvalRun Run => new(fixture.Client);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scripts_do_every_task_through_every_face_for_no_more_tokens_than_before()
    {
        await using var mcp = new McpToolsFace("unix:" + fixture.Server.SocketPath, fixture.Server.ApiKey);
        await using var kernel = new KernelFace(fixture.Client);

        var report = RunReport.Of(await TryAsync(Fast, mcp, new ChatFace(fixture.Client), kernel, new BashFace()));

        Assert.Empty(report.Lines.Where(line => !line.Success).Select(line => $"{line.Face} {line.Task}: {line.Reason}"));
        Assert.Empty(Gate.Regressions(RunReport.Read(await File.ReadAllTextAsync(Baseline, Cancelled)), report));
    }

    [Fact]
    public async Task An_agent_that_does_nothing_does_no_task()
    {
        var outcomes = await TryAsync(Fast.Select(task => task with { Solution = [Moves.Say("All done.")] }), new ChatFace(fixture.Client));

        Assert.Equal(Fast.Count, outcomes.Count);
        Assert.Empty(outcomes.Where(outcome => outcome.Success).Select(outcome => outcome.Task.Id));
    }

    [Fact]
    public async Task A_script_works_through_the_shape_of_another_servers_tools_and_pays_for_its_list()
    {
        var faces = Rival.All.Select(rival => new RivalFace(rival)).ToArray();

        var report = RunReport.Of(await TryAsync([.. AllTasks.Where("data/join", false), .. AllTasks.Where("files/one-line", false)], faces));

        Assert.Empty(report.Lines.Where(line => !line.Success).Select(line => $"{line.Face} {line.Task}: {line.Reason}"));
        Assert.All(report.Sums(), sum =>
        {
            var rival = Rival.All.Single(rival => rival.Name == sum.Face);
            Assert.Equal((rival.Tools, rival.ListTokens, 8), (sum.ListTools, sum.ListTokens, sum.Turns)); // three each, and one more to make the sandbox
            Assert.InRange(sum.TokensIn, 8 * rival.ListTokens, (8 * rival.ListTokens) + 2_000);
        });
    }

    [Fact]
    public async Task A_replay_in_a_fresh_sandbox_gives_the_same_results_and_files()
    {
        var outcomes = await TryAsync(Fast.Where(task => task.Deterministic), new ChatFace(fixture.Client));
        var differences = new ConcurrentQueue<string>();

        await Parallel.ForEachAsync(outcomes, Cancelled, async (outcome, cancel) =>
        {
            var stored = Trajectory.Read(Trajectory.Write(outcome.Trajectory));
            foreach (var difference in await new Replay(fixture.Client).DifferencesAsync(outcome.Task, stored, cancel)) differences.Enqueue($"{outcome.Task.Id}: {difference}");
        });

        Assert.NotEmpty(outcomes);
        Assert.Empty(differences);
    }

    [Theory]
    [InlineData("[still running, pid 61]", "[still running, pid 7]")]
    [InlineData("""read them with read_output {"pid":61,"cursor":"5,0"}, or filter /tmp/.moru/61.out""", """read them with read_output {"pid":7,"cursor":"5,0"}, or filter /tmp/.moru/7.out""")]
    [InlineData("It runs on as process 61.", "It runs on as process 7.")]
    [InlineData("sandbox ijkz0ek52rozt6dve6w9j", "sandbox iaaa0ek52rozt6dve6w9j")]
    public void A_replay_does_not_compare_the_ids_that_a_sandbox_gives_out(string first, string second) => Assert.Equal(Replay.Neutral(first), Replay.Neutral(second));

    [Fact]
    public void A_replay_compares_every_other_number() => Assert.NotEqual(Replay.Neutral("exit code 1, 61 lines"), Replay.Neutral("exit code 1, 7 lines"));

    [Fact]
    public async Task A_replay_in_another_beginning_is_told_apart()
    {
        var task = AllTasks.All.Single(task => task.Id == "data/median");
        var outcome = await Run.TryAsync(task, new ChatFace(fixture.Client), cancellationToken: Cancelled);

        var other = task with { Files = new Dictionary<string, string> { ["sales.csv"] = "amount\n1\n" } };

        Assert.NotEmpty(await new Replay(fixture.Client).DifferencesAsync(other, outcome.Trajectory, Cancelled));
    }

    private Task<IReadOnlyList<Outcome>> TryAsync(IEnumerable<EvalTask> tasks, params IFace[] faces) => new Suite(fixture.Client, faces).TryAsync(tasks, 4, _ => { }, Cancelled);
}
