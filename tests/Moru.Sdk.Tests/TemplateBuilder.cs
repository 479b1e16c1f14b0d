using System.Text.Json;

namespace Moru.Sdk.Tests;

/// <summary>What a description of a template says to the server, shown on a stub of one.</summary>
public sealed class TemplateBuilder
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<Template, string> Images => new()
    {
        { Template.FromPythonImage("3.11"), "python:3.11" },
        { Template.FromNodeImage("lts"), "node:lts" },
        { Template.FromUbuntuImage("22.04"), "ubuntu:22.04" },
        { Template.FromDebianImage(), "debian:stable" },
        { Template.FromBunImage(), "oven/bun:latest" },
        { Template.FromBaseImage(), "ghcr.io/moru-ai/base" },
        { Template.FromImage("nginx:alpine"), "nginx:alpine" },
    };

    [Theory]
    [MemberData(nameof(Images), DisableDiscoveryEnumeration = true)]
    public async Task A_template_starts_from_an_image(Template template, string image) =>
        Assert.Equal(image, (await SentAsync(template)).GetProperty("fromImage").GetString());

    [Fact]
    public async Task A_template_starts_from_another_one() =>
        Assert.Equal("existing-template", (await SentAsync(Template.FromTemplate("existing-template"))).GetProperty("fromTemplate").GetString());

    [Fact]
    public async Task Credentials_go_with_the_image()
    {
        foreach (var (login, json) in new[]
        {
            (RegistryAccount.Basic("u", "p"), """{"type":"registry","username":"u","password":"p"}"""),
            (RegistryAccount.Aws("id", "secret", "eu-west-1"), """{"type":"aws","awsAccessKeyId":"id","awsSecretAccessKey":"secret","awsRegion":"eu-west-1"}"""),
            (RegistryAccount.Gcp("{}"), """{"type":"gcp","serviceAccountJson":"{}"}"""),
        })
            Assert.Equal(json, (await SentAsync(Template.FromImage("private/image", login))).GetProperty("fromImageRegistry").GetRawText());
    }

    [Fact]
    public void Every_method_adds_its_step()
    {
        var template = Template.FromBaseImage()
            .PipInstall(["requests", "flask>=2,<4"]).PipInstall().PipInstall(["black"], global: false)
            .NpmInstall(["left-pad@1"]).NpmInstall(["typescript"], global: true).NpmInstall(["jest"], dev: true).NpmInstall()
            .BunInstall(["hono"]).BunInstall(["vite"], dev: true)
            .AptInstall(["git", "curl"]).AptInstall(["vim"], recommends: false)
            .GitClone("https://example.com/r.git", "/srv/r", branch: "main", depth: 1)
            .MakeDir("/app/my data").MakeDir("~/made", user: "root", mode: (UnixFileMode)0b111_000_000)
            .Remove("/tmp/x", recursive: true, force: true).Rename("/a", "/b").MakeSymlink("/b", "/c", force: true)
            .RunCmd("echo 'building'").RunCmd(["true", "false"], user: "root")
            .SetWorkdir("/app").SetUser("appuser").SetEnvs(new Dictionary<string, string> { ["NODE_ENV"] = "production" })
            .Copy("./src", "/app/src").Copy(["a", "b"], "/to", new() { User = "u:g", Mode = (UnixFileMode)0b110_100_000 });

        Assert.Equal(
            """
            RUN pip install requests 'flask>=2,<4' root
            RUN pip install . root
            RUN pip install --user black
            RUN npm install left-pad@1
            RUN npm install -g typescript root
            RUN npm install --save-dev jest
            RUN npm install
            RUN bun install hono
            RUN bun install --dev vite
            RUN apt-get update && DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -y git curl root
            RUN apt-get update && DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -y --no-install-recommends vim root
            RUN git clone --branch main --single-branch --depth 1 https://example.com/r.git /srv/r
            RUN mkdir -p '/app/my data'
            RUN mkdir -p -m 0700 ~/made root
            RUN rm -r -f /tmp/x
            RUN mv /a /b
            RUN ln -s -f /b /c
            RUN echo 'building'
            RUN true && false root
            WORKDIR /app
            USER appuser
            ENV NODE_ENV production
            COPY ./src /app/src
            COPY a /to/ u:g 0640
            COPY b /to/ u:g 0640
            """,
            string.Join('\n', template.Instructions.Select(step => step.ToString())));
    }

    [Fact]
    public void A_description_is_never_changed_by_what_is_added_to_it()
    {
        var shared = Template.FromBaseImage().RunCmd("true");

        var one = shared.RunCmd("one").SetStartCmd("start");
        var other = shared.RunCmd("other");

        Assert.Equal((1, 2, 2), (shared.Instructions.Length, one.Instructions.Length, other.Instructions.Length));
        Assert.Equal(("start", null), (one.StartCommand, other.StartCommand));
    }

    [Fact]
    public async Task Steps_after_the_call_do_without_the_cache()
    {
        var steps = (await SentAsync(Template.FromBaseImage().RunCmd("a").SkipCache().RunCmd("b").SetWorkdir("/"))).GetProperty("steps").EnumerateArray();
        Assert.Equal([false, true, true], steps.Select(step => step.GetProperty("force").GetBoolean()));

        Assert.True((await SentAsync(Template.FromBaseImage(), new() { SkipCache = true })).GetProperty("force").GetBoolean());
    }

    [Fact]
    public async Task A_start_command_needs_no_ready_command()
    {
        var alone = await SentAsync(Template.FromBaseImage().SetStartCmd("python app.py"));
        var both = await SentAsync(Template.FromBaseImage().SetStartCmd("node server.js", "curl localhost:3000/health"));
        var ready = await SentAsync(Template.FromTemplate("t").SetReadyCmd(ReadyCommand.File("/tmp/a b")));

        Assert.Equal(("python app.py", false), (alone.GetProperty("startCmd").GetString(), alone.TryGetProperty("readyCmd", out _)));
        Assert.Equal(("node server.js", "curl localhost:3000/health"), (both.GetProperty("startCmd").GetString(), both.GetProperty("readyCmd").GetString()));
        Assert.Equal("[ -f '/tmp/a b' ]", ready.GetProperty("readyCmd").GetString());
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_named_with_its_line_before_anything_is_asked()
    {
        await using var server = new StubServer(_ => null);
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri($"http://127.0.0.1:{server.Port}") });
        using var directory = new TemporaryDirectory();
        var template = Template.FromBaseImage().WithContext(directory.Path)
            .Copy("./app", "/app");

        var error = await Assert.ThrowsAsync<InvalidArgumentException>(() => client.BuildTemplateAsync(template, "t", cancellationToken: Cancelled));

        Assert.StartsWith("COPY ./app /app (TemplateBuilder.cs:", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Uploaded_files_go_without_credentials_and_only_when_they_are_missing()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory.Path, "file"), "x", Cancelled);
        var template = Template.FromBaseImage().WithContext(directory.Path).Copy("file", "/there").Copy("file", "/missing").Copy("file", "/forced", new() { ForceUpload = true });
        var (asked, told) = (0, new List<string>());
        StubServer? stub = null;
        await using var server = stub = new StubServer(request =>
            request.StartsWith("POST /v3", StringComparison.Ordinal) ? StubServer.Ok("""{"templateID":"t1","buildID":"b1","public":false,"aliases":["t"]}""")
            : request.StartsWith("GET ", StringComparison.Ordinal) ? StubServer.Ok($$"""{"present":{{(asked++ == 1 ? "false" : "true")}},"url":"http://127.0.0.1:{{stub!.Port}}/store?signed"}""")
            : StubServer.Ok("{}"));
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri($"http://127.0.0.1:{server.Port}"), ApiKey = "moru_key" });

        await client.StartTemplateBuildAsync(template, "t", new() { OnBuildLogs = entry => told.Add(entry.Message) }, Cancelled);

        var uploads = server.Requests.Where(request => request.StartsWith("PUT /store?signed ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, uploads.Count);
        Assert.All(uploads, upload => Assert.DoesNotContain("moru_key", upload, StringComparison.Ordinal));
        Assert.All(uploads, upload => Assert.Contains("Content-Length: ", upload, StringComparison.Ordinal));
        Assert.Equal(["Skipping upload of 'file', already cached", "Uploaded 'file'", "Uploaded 'file'"], told.Where(line => line.Contains("'file'", StringComparison.Ordinal)));
    }

    private static async Task<JsonElement> SentAsync(Template template, BuildOptions? options = null)
    {
        await using var server = new StubServer(_ => StubServer.Ok("""{"templateID":"t1","buildID":"b1","public":false,"aliases":["t"]}"""));
        using var client = new MoruClient(new MoruOptions { ApiUrl = new Uri($"http://127.0.0.1:{server.Port}") });

        var build = await client.StartTemplateBuildAsync(template, "t", options, Cancelled);

        Assert.Equal(("t", "t1", "b1"), (build.Alias, build.TemplateId, build.BuildId));
        Assert.EndsWith("""{"alias":"t","cpuCount":2,"memoryMB":1024}""", server.Requests[0], StringComparison.Ordinal);
        Assert.StartsWith("POST /v2/templates/t1/builds/b1 ", server.Requests[1], StringComparison.Ordinal);
        return JsonDocument.Parse(server.Requests[1][server.Requests[1].IndexOf("\n\n", StringComparison.Ordinal)..]).RootElement;
    }
}
