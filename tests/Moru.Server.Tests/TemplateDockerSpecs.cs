using System.Diagnostics;
using System.Formats.Tar;
using System.Text;

namespace Moru.Server.Tests;

/// <summary>Templates that are really built, and sandboxes really made from them.</summary>
public sealed class TemplateDockerSpecs
{
    private const string Base = "ghcr.io/moru-ai/base";

    [Fact]
    public async Task Every_step_does_what_it_says()
    {
        await using var server = await DockerServer.StartAsync();
        var hash = await server.UploadAsync(
            "whole", "abc123",
            File("app/main.py", "print('hello')"), File("app/deep/data.txt", "data"), new PaxTarEntry(TarEntryType.SymbolicLink, "app/link") { LinkName = "main.py" });

        await server.BuiltAsync("whole", new
        {
            fromImage = Base,
            steps = new object[]
            {
                Step("ENV", "GREETING", "hello $USER", "QUOTED", "{\"a\": 1}"),
                Step("ARG", "VERSION", "7"),
                Step("RUN", "echo \"$GREETING $VERSION\" > /tmp/greeting; id -un > /tmp/who; echo oops >&2"),
                Step("RUN", "id -un > /tmp/root; rm -f /etc/sudoers.d/moru", "root"), // as in an image of others
                Step("WORKDIR", "/srv/made/here"),
                new { type = "COPY", args = new[] { "app", "code" }, filesHash = hash },
                new { type = "COPY", args = new[] { "app/main.py", "/opt/renamed.py", "root", "0750" }, filesHash = hash },
                Step("USER", "agent", "true"),
            },
        });
        var id = await server.CreateAsync("whole");

        Assert.Equal("hello user 7\nuser\nroot", await server.RunAsync(id, "cat /tmp/greeting /tmp/who /tmp/root"));
        Assert.Equal("agent /srv/made/here hello user {\"a\": 1} unset", await server.RunAsync(id, "echo \"$(id -un) $PWD $GREETING $QUOTED ${VERSION-unset}\""));
        Assert.Equal("root", await server.RunAsync(id, "sudo id -un 2>&1"));
        Assert.Equal("user:user user:user 755 data main.py", await server.RunAsync(
            id, "echo \"$(stat -c %U:%G /srv/made) $(stat -c %U:%G code/deep/data.txt) $(stat -c %a code) $(cat code/deep/data.txt) $(readlink code/link)\""));
        Assert.Equal("root:root 750", await server.RunAsync(id, "stat -c '%U:%G %a' /opt/renamed.py"));
        Assert.Contains("TEMPLATE_ID=", await server.RunAsync(id, "cat /.moru"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_a_template_starts_answers_when_create_returns()
    {
        await using var server = await DockerServer.StartAsync();
        await server.BuiltAsync("web", new
        {
            fromImage = Base, steps = new[] { Step("WORKDIR", "/srv/www"), Step("RUN", "echo it works > index.html") },
            startCmd = "sleep 1; python3 -m http.server 8000", readyCmd = "curl -sf localhost:8000",
        });

        var id = await server.CreateAsync("web");

        Assert.Equal("it works", await server.RunAsync(id, "curl -s localhost:8000"));
    }

    [Fact]
    public async Task A_rebuild_with_one_changed_step_of_ten_takes_a_fraction_of_the_time()
    {
        await using var server = await DockerServer.StartAsync();
        var steps = Enumerable.Range(1, 10).Select(i => Step("RUN", $"sleep 0.5; echo {i} >> ~/log")).ToArray();

        var begun = Stopwatch.GetTimestamp();
        await server.BuiltAsync("layers", new { fromImage = Base, steps });
        var cold = Stopwatch.GetElapsedTime(begun);
        begun = Stopwatch.GetTimestamp();
        var log = await server.BuiltAsync("layers", new { fromImage = Base, steps = (object[])[.. steps[..^1], Step("RUN", "sleep 0.5; echo ten >> ~/log")] });
        var changed = Stopwatch.GetElapsedTime(begun);

        TestContext.Current.TestOutputHelper?.WriteLine($"cold {cold.TotalSeconds:0.0} s, changed {changed.TotalSeconds:0.0} s");
        Assert.Equal(10, log.Count(line => line.StartsWith("CACHED ", StringComparison.Ordinal)));
        // It is a tenth (./moru bench builds); the rest is for what else this machine does meanwhile.
        Assert.True(changed < cold / 2, $"cold {cold}, changed {changed}");
        Assert.Equal("1 2 3 4 5 6 7 8 9 ten", await server.RunAsync(await server.CreateAsync("layers"), "echo $(cat ~/log)"));
    }

    [Fact]
    public async Task A_start_command_is_tried_where_nothing_of_the_steps_runs_on()
    {
        await using var server = await DockerServer.StartAsync();
        var steps = new[] { Step("RUN", "setsid sleep 1234 >/dev/null 2>&1 & echo begun") };

        await server.BuiltAsync("clean", new { fromImage = Base, steps, startCmd = "pgrep -f 'sleep [1]234' && exit 9; sleep 60", readyCmd = "sleep 1" });
    }

    [Fact]
    public async Task Failures_are_told_as_official_clients_expect_them()
    {
        await using var server = await DockerServer.StartAsync();

        var (code, _) = await server.BuildAsync("fails", new { fromImage = Base, steps = new[] { Step("RUN", "true"), Step("RUN", "echo why >&2; exit 42") } });
        var (user, _) = await server.BuildAsync("fails", new { fromImage = Base, steps = new[] { Step("RUN", "whoami", "nobody-here") } });
        var (start, _) = await server.BuildAsync("fails", new { fromImage = Base, startCmd = "exit 9", readyCmd = "false" });
        var (local, _) = await server.BuildAsync("fails", new { fromImage = "localhost:1/none" });

        Assert.Equal(("2", "failed to run command 'echo why >&2; exit 42': exit status 42"), Reason(code));
        Assert.Equal(("1", "failed to run command 'whoami': command failed: unauthenticated: invalid username: 'nobody-here'"), Reason(user));
        Assert.Equal(("finalize", "failed to run command 'exit 9': exit status 9"), Reason(start));
        Assert.Equal("base", Reason(local).Step);
        Assert.StartsWith("failed to pull image 'localhost:1/none:latest'", Reason(local).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_template_begins_where_another_ends()
    {
        await using var server = await DockerServer.StartAsync();
        await server.BuiltAsync("parent", new { fromImage = Base, steps = new[] { Step("WORKDIR", "/srv"), Step("ENV", "A", "b"), Step("RUN", "echo parent > file", "root") } });

        await server.BuiltAsync("child", new { fromTemplate = "parent", steps = new[] { Step("RUN", "echo \"$A child\" >> file", "root") } });

        Assert.Equal("parent b child /srv", await server.RunAsync(await server.CreateAsync("child"), "echo $(cat file) $PWD"));
    }

    private static object Step(string type, params string[] args) => new { type, args };

    private static (string? Step, string? Message) Reason(System.Text.Json.JsonElement status)
    {
        var reason = status.GetProperty("reason");
        return (reason.GetProperty("step").GetString(), reason.GetProperty("message").GetString());
    }

    private static PaxTarEntry File(string name, string content) => new(TarEntryType.RegularFile, name)
    {
        Mode = (UnixFileMode)0b110_100_100, DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
    };
}
