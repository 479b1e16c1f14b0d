namespace Moru.Runtime.Tests;

/// <summary>What a build makes of a Dockerfile.</summary>
public sealed class TemplateDockerfiles
{
    [Fact]
    public void Instructions_become_steps_and_what_is_about_containers_is_left_out()
    {
        var plan = Dockerfile.Parse(
            """
            # syntax=docker/dockerfile:1
            FROM python:3.11 AS whole

            ENV NAME="two words" OTHER='$kept' PLAIN=$HOME
            ENV OLD "form of" it
            ENV BARE=one\ word\\ LITERAL="a\nb \$x \"y\" `id`"
            ARG VERSION=1 EMPTY
            run apt-get update \
                # a comment between
                && apt-get install -y "git"
            RUN ["echo", "it's"]
            RUN [ -e /etc ]
            WORKDIR "/srv/my app"
            USER agent:agents
            EXPOSE 80
            LABEL a=b
            CMD ["python", "-m", "http.server"]
            """,
            "serve", null);

        Assert.Equal(("python:3.11", "serve"), (plan.FromImage, plan.StartCommand));
        Assert.Equal(
            [
                "USER|root", "WORKDIR|/", @"ENV|NAME|two words|OTHER|\$kept|PLAIN|$HOME", "ENV|OLD|form of it",
                @"ENV|BARE|one word\\|LITERAL|a\nb \$x ""y"" \`id\`", "ARG|VERSION|1|EMPTY|",
                """RUN|apt-get update     && apt-get install -y "git" """.Trim(), @"RUN|'echo' 'it'\''s'", "RUN|[ -e /etc ]", "WORKDIR|/srv/my app", "USER|agent",
            ],
            plan.Steps.Select(step => $"{step.Type}|{string.Join('|', step.Args)}"));
    }

    [Fact]
    public void Who_names_no_user_and_no_folder_ends_as_the_default_user_at_home() => Assert.Equal(
        ["USER root", "WORKDIR /", "RUN make", "USER user", "WORKDIR /home/user"],
        Dockerfile.Parse("FROM a\r\nRUN make\r\n", null, null).Steps.Select(step => $"{step.Type} {step.Args[0]}"));

    [Theory]
    [InlineData("", "no FROM")]
    [InlineData("RUN make", "line 1 of the Dockerfile has RUN before FROM")]
    [InlineData("ARG A=1\nFROM a", "line 1 of the Dockerfile has ARG before FROM")]
    [InlineData("FROM a\nFROM b", "line 2 of the Dockerfile has a second FROM")]
    [InlineData("FROM --platform=linux/amd64 a", "a FROM that is not")]
    [InlineData("FROM a\n\nCOPY . /app", "line 3 of the Dockerfile has COPY, but no files come with this call")]
    [InlineData("FROM a\nADD x y", "has ADD, but no files")]
    [InlineData("FROM a\nRUN --mount=type=cache,target=/x make", "options or a here-document")]
    [InlineData("FROM a\nRUN <<EOF\nmake\nEOF", "options or a here-document")]
    [InlineData("FROM a\nSHELL [\"/bin/sh\"]", "SHELL, which builds do not know")]
    [InlineData("FROM a\nFLY away", "FLY, which builds do not know")]
    [InlineData("FROM a\nENV A=1 B", "'B', which is no NAME=value")]
    [InlineData("FROM a\nENV A=\"1", "a \" that is not closed")]
    [InlineData("FROM a\nWORKDIR $HOME", "WORKDIR with a variable")]
    [InlineData("FROM a\nUSER a b", "USER with a variable or more than one word")]
    [InlineData("FROM a\nWORKDIR", "WORKDIR without anything")]
    public void What_cannot_be_built_as_it_stands_is_refused_with_its_line(string text, string says)
    {
        var refused = Assert.Throws<RuntimeException>(() => Dockerfile.Parse(text, null, null));

        Assert.Equal(RuntimeError.InvalidArgument, refused.Error);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_of_a_Dockerfile_waits_through_a_restart()
    {
        await using var node = await Node.OpenAsync();
        var team = node.Runtime.Teams.First.Id;
        var (template, build) = node.Runtime.Templates.Request(team, new BuildRequest { Alias = "mine", Plan = Dockerfile.Parse("FROM moru/base\nRUN make", null, null) });

        await node.ReopenAsync();
        node.Runtime.Builds.Start(team, template.Id, build.Id);

        await Eventually.TrueAsync(() => node.Runtime.Builds.Get(team, template.Id, build.Id).Build.Status is BuildStatus.Ready);
        Assert.Contains(node.Engine.Commands, command => command.Start.Process!.Args![^1] == "make" && command.User == "root");
    }
}
