using Moru.Tools;
using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Templates that are built, and judged by a sandbox made from them.</summary>
internal static class TemplateTasks
{
    private const string Made = "Created sandbox (\\w+)";

    public static IEnumerable<EvalTask> All =>
    [
        Template("build-and-use", "eval-greeter") with
        {
            Fast = true,
            Prompt = "Build a template eval-greeter from moru/base whose /etc/greeting says: hello from the template. Read the file in a sandbox of it, tell what it says, and end that sandbox.",
            CheckAsync = async done => await done.AnswerHasAsync("hello from the template") ?? await done.TemplateSaysAsync("eval-greeter", "cat /etc/greeting", "hello from the template"),
            Solution =
            [
                Build("eval-greeter", "FROM moru/base\nRUN echo 'hello from the template' > /etc/greeting"),
                Call("create_sandbox", ("template", "eval-greeter"), ("timeout_seconds", 300)),
                seen => Act("run_command", ("command", "cat /etc/greeting"), ("sandbox_id", seen.Find(Made))),
                seen => Act("kill_sandbox", ("sandbox_id", seen.Find(Made))),
                seen => new Step.Say($"It says: {seen.Find("(hello from the template)")}."),
            ],
        },
        Template("start-command", "eval-server") with
        {
            Prompt = "Build a template eval-server from moru/base: its sandboxes serve a directory on port 8000 from their start, and the answer to GET / is the line: ready to serve.",
            CheckAsync = done => done.TemplateSaysAsync("eval-server", "curl -s http://127.0.0.1:8000/", "ready to serve"),
            Solution =
            [
                Build("eval-server", "FROM moru/base\nRUN mkdir -p /srv/www && echo 'ready to serve' > /srv/www/index.html", ("start_command", "cd /srv/www && python3 -m http.server 8000"), ("ready_command", "curl -s http://127.0.0.1:8000/")),
                Say("Built."),
            ],
        },
        Template("mend", "eval-mended") with
        {
            Prompt = "Build a template eval-mended from this Dockerfile, and mend it if it does not build: FROM moru/base, RUN mkdir /opt/tool/bin, RUN echo 'echo mended' > /opt/tool/bin/run.",
            CheckAsync = done => done.TemplateSaysAsync("eval-mended", "sh /opt/tool/bin/run", "mended"),
            Solution =
            [
                Build("eval-mended", "FROM moru/base\nRUN mkdir /opt/tool/bin\nRUN echo 'echo mended' > /opt/tool/bin/run"),
                seen => Act("build_template", ("name", "eval-mended"), ("dockerfile", $"FROM moru/base\nRUN mkdir -p {seen.Find("cannot create directory .(/opt/tool/bin)")}\nRUN echo 'echo mended' > /opt/tool/bin/run"), ("wait_seconds", 300)),
                Say("Built."),
            ],
        },
    ];

    private static EvalTask Template(string name, string template) => new()
    {
        Id = $"template/{name}",
        ToolsOnly = true,
        Toolsets = Toolsets.Core | Toolsets.Templates,
        Builds = template,
        Deterministic = false, // sandboxes and builds have ids
        Prompt = "",
        CheckAsync = _ => Task.FromResult<string?>("It is not checked."),
        Solution = [],
    };

    private static Move Build(string name, string dockerfile, params (string Name, object? Value)[] more) =>
        Call("build_template", [("name", name), ("dockerfile", dockerfile), ("wait_seconds", 300), .. more]);
}
