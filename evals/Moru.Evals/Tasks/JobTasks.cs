using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Work that takes longer than a call should.</summary>
internal static class JobTasks
{
    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "job/background",
            Fast = true,
            Prompt = "Start ~/job.sh in the background, wait until it has finished, and tell its last line.",
            Files = new Dictionary<string, string> { ["job.sh"] = "for n in 1 2 3; do echo step $n; sleep 0.3; done; echo finished with code 77\n" },
            Deterministic = false, // its log grows while others look
            CheckAsync = done => done.AnswerHasAsync("finished with code 77"),
            Solution = [Run("(sh job.sh; touch job.done) > job.log 2>&1 &"), Run("until [ -e job.done ]; do sleep 0.1; done; tail -1 job.log"), Say(FirstLine)],
        },
        new()
        {
            Id = "job/time-limit",
            Prompt = "Run ~/slow.sh, which takes a few seconds, within one call, and tell what it prints.",
            Files = new Dictionary<string, string> { ["slow.sh"] = "sleep 3; echo slow but sure\n" },
            CheckAsync = done => done.AnswerHasAsync("slow but sure"),
            Solution = [Run("sh slow.sh", timeoutSeconds: 120), Say(FirstLine)],
        },
        new()
        {
            Id = "job/large-file",
            Prompt = "How many lines of ~/numbers.txt are divisible by 7? Answer with the number.",
            Setup = "seq 1 700000 > numbers.txt",
            CheckAsync = done => done.AnswerHasAsync("100000"),
            Solution = [Run("awk '$1 % 7 == 0' numbers.txt | wc -l"), Say(FirstLine)],
        },
        new()
        {
            Id = "job/parallel",
            Prompt = "Run ~/part.sh with the arguments 1 to 6 at the same time, and write the sum of their outputs to ~/sum.txt.",
            Files = new Dictionary<string, string> { ["part.sh"] = "sleep 0.5; echo $(($1 * $1))\n" },
            CheckAsync = done => done.FileIsAsync("sum.txt", "91"),
            Solution = [Run("for n in 1 2 3 4 5 6; do sh part.sh $n > /tmp/part.$n & done; wait; cat /tmp/part.* | paste -sd+ | sed 's/.*/echo $((&))/' | sh > sum.txt; cat sum.txt"), Say("Written.")],
        },
        new()
        {
            Id = "job/install",
            Prompt = "Make a virtual environment ~/env whose Python has the module `greet` of ~/greet installed.",
            Files = new Dictionary<string, string> { ["greet/greet.py"] = "def hello():\n    return 'hello'\n" },
            CheckAsync = done => done.CommandSaysAsync("cd / && /home/user/env/bin/python -c 'import greet; print(greet.hello())'", "hello"),
            Deterministic = false, // pip and venv write times
            Solution = [Run("python3 -m venv --without-pip env && cp greet/greet.py \"$(env/bin/python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')\" && cd / && ~/env/bin/python -c 'import greet'"), Say("Installed.")],
        },
    ];
}
