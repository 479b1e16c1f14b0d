namespace Moru.Sdk.Tests;

/// <summary>Dockerfiles as templates.</summary>
public sealed class TemplateDockerfiles
{
    [Fact]
    public void A_dockerfile_becomes_the_steps_it_is_made_of()
    {
        var template = Template.FromDockerfileText("""
            # syntax=docker/dockerfile:1
            ARG VERSION=3.11
            FROM --platform=linux/amd64 python:${VERSION} AS only
            LABEL maintainer=nobody
            ENV HOME_OF_APP=/srv/app GREETING="hello $USER" PRICE='5$'
            ENV OLD the rest of the line
            ARG VERSION
            WORKDIR $HOME_OF_APP
            RUN apt-get update \
                # a comment inside
                && apt-get install -y git

            RUN ["echo", "a b"]
            RUN --mount=type=cache,target=/root/.cache pip install flask
            COPY --chown=app:staff --chmod=0750 requirements.txt setup.py ./
            COPY ["with space", "/to/"]
            EXPOSE 8000
            USER app:staff
            ENTRYPOINT ["gunicorn"]
            CMD ["-b", "0.0.0.0:8000", "app:app"]
            """);

        Assert.Equal("python:3.11", template.Image);
        Assert.Equal(
            [
                "USER root", "WORKDIR /",
                "ENV HOME_OF_APP /srv/app GREETING hello $USER PRICE 5\\$",
                "ENV OLD the rest of the line",
                "ARG VERSION 3.11",
                "WORKDIR /srv/app",
                "RUN apt-get update     && apt-get install -y git",
                "RUN echo 'a b'",
                "RUN pip install flask",
                "COPY requirements.txt ./ app:staff 0750", "COPY setup.py ./ app:staff 0750",
                "COPY with space /to/ root",
                "USER app",
            ],
            template.Instructions.Select(step => step.ToString()));
        Assert.Equal("gunicorn -b 0.0.0.0:8000 app:app", template.StartCommand);
        Assert.Equal("sleep 20", template.Ready!.Text);
        Assert.Equal("Dockerfile:9", template.Instructions[6].Line.ToString());
    }

    [Fact]
    public void Without_user_and_directory_a_template_has_those_of_sandboxes() =>
        Assert.Equal(
            ["USER root", "WORKDIR /", "RUN true", "USER user", "WORKDIR /home/user"],
            Template.FromDockerfileText("FROM debian\nRUN true\n").Instructions.Select(step => step.ToString()));

    [Fact]
    public void FROM_the_name_of_a_template_keeps_its_user_and_directory_and_runs_as_root_until_told_otherwise()
    {
        var template = Template.FromDockerfileText("ARG T=Tooled\nFROM $T AS x\nRUN one\nWORKDIR /srv\nRUN [\"two\"]\nUSER agent\nRUN three", ["base", "tooled"]);

        Assert.Equal(("tooled", null), (template.Parent, template.Image));
        Assert.Equal(["RUN one root", "WORKDIR /srv", "RUN two root", "USER agent", "RUN three"], template.Instructions.Select(step => step.ToString()));
    }

    [Theory]
    [InlineData("base:latest")]
    [InlineData("library/base")]
    [InlineData("docker.io/library/base")]
    [InlineData("bas")]
    public void FROM_anything_but_the_name_of_a_template_is_an_image(string image)
    {
        var template = Template.FromDockerfileText($"FROM {image}", ["base"]);

        Assert.Equal((null, image), (template.Parent, template.Image));
    }

    [Theory]
    [InlineData("CMD python app.py", "/bin/sh -c 'python app.py'")]
    [InlineData("ENTRYPOINT [\"tini\", \"--\"]\nCMD [\"python\", \"my app.py\"]", "tini -- python 'my app.py'")]
    [InlineData("CMD [ -f x ] || exit", "/bin/sh -c '[ -f x ] || exit'")]
    public void What_a_container_would_run_is_the_start_command(string text, string command) =>
        Assert.Equal(command, Template.FromDockerfileText("FROM debian\n" + text).StartCommand);

    [Theory]
    [InlineData("RUN true", "has no FROM")]
    [InlineData("RUN true\nFROM debian", "Dockerfile:1: RUN stands before FROM")]
    [InlineData("FROM debian AS one\nFROM debian", "Dockerfile:2: FROM a second time")]
    [InlineData("FROM debian:$TAG", "Dockerfile:1: FROM names $TAG")]
    [InlineData("FROM debian\nWORKDIR $NOWHERE", "Dockerfile:2: WORKDIR names $NOWHERE")]
    [InlineData("FROM debian\nCOPY --from=build /a /b", "Dockerfile:2: COPY from another stage")]
    [InlineData("FROM debian\nCOPY /a", "Dockerfile:2: COPY needs a source and a destination")]
    [InlineData("FROM debian\nADD https://example.com/x /x", "Dockerfile:2: ADD of 'https://example.com/x'")]
    [InlineData("FROM debian\nRUN <<EOF\ntrue\nEOF", "Dockerfile:2: RUN with a here-document")]
    [InlineData("FROM debian\nRUN --network=none true", "Dockerfile:2: RUN with the option --network=none")]
    [InlineData("FROM debian\nENV A0=xxxxxxxx\nENV A1=$A0$A0$A0$A0$A0$A0$A0$A0$A0$A0\nENV A2=$A1$A1$A1$A1$A1$A1$A1$A1$A1$A1\nENV A3=$A2$A2$A2$A2$A2$A2$A2$A2$A2$A2\nENV A4=$A3$A3$A3$A3$A3$A3$A3$A3$A3$A3\nENV A5=$A4$A4$A4$A4$A4$A4$A4$A4$A4$A4\nWORKDIR /$A5", "Dockerfile:8: WORKDIR stands for too much text")]
    [InlineData("FROM debian\n\nSHELL [\"zsh\"]", "Dockerfile:3: SHELL is not supported")]
    public void What_a_template_cannot_do_is_refused_with_its_line(string text, string says) =>
        Assert.Contains(says, Assert.Throws<InvalidArgumentException>(() => Template.FromDockerfileText(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("FROM debian\nRUN apt-get\\\n-y \\\n  # why\n  install git")]
    [InlineData("FROM debian AS whole\nENV A=1 B=\"two $A `id` \\n\" C='$kept' D=one\\ word\\\\ E=x\nENV OLD \"form of\" it")]
    [InlineData("from debian\r\narg VERSION=1\r\n\r\nrun [ -e /etc ]\r\nWORKDIR \"/srv/my app\"\r\nuser agent:agents\r\nEXPOSE 80")]
    [InlineData("FROM debian\nRUN [\"/bin/echo\", \"it's a\"]")]
    [InlineData("FROM debian\nRUN printf 'a\u2028COPY b\u2029c\u0085d\fe\vf\rg' \\\r\n  | cat")]
    public void The_server_reads_a_dockerfile_of_an_older_client_alike(string text)
    {
        var here = Template.FromDockerfileText(text);

        var there = Runtime.Dockerfile.Parse(text, null, null);

        Assert.Equal(here.Image, there.FromImage);
        // A shell takes a plain word with and without quotes alike.
        Assert.Equal(here.Instructions.Select(step => $"{step.Type} {string.Join('|', step.Args)}"), there.Steps.Select(step => $"{step.Type} {string.Join('|', step.Args)}".Replace("'/bin/echo'", "/bin/echo", StringComparison.Ordinal)));
    }

    [Fact]
    public void Nothing_but_a_line_feed_ends_a_line() =>
        Assert.Equal(
            "RUN printf 'a\u2028COPY b\u2029c\u0085d\fe\vf\rg'",
            Template.FromDockerfileText("FROM debian\r\nRUN printf 'a\u2028COPY b\u2029c\u0085d\fe\vf\rg'\r\n").Instructions[2].ToString());

    [Theory]
    [InlineData("FROM debian\nENV A=1 B", "'B', which is no NAME=value")]
    [InlineData("FROM debian\nARG A=\"1", "a \" that is not closed")]
    [InlineData("FROM debian\nENV A=1\nFLY away", "FLY")]
    [InlineData("FROM debian\nRUN cat >/x <<EOF\ntrue\nEOF", "here-document")]
    [InlineData("FROM \"debian", "a \" that is not closed")]
    public void What_cannot_be_read_is_refused_on_both_sides_with_its_line(string text, string says)
    {
        var here = Assert.Throws<InvalidArgumentException>(() => Template.FromDockerfileText(text)).Message;
        var there = Assert.Throws<Runtime.RuntimeException>(() => Runtime.Dockerfile.Parse(text, null, null)).Message;

        Assert.All([here, there], message => Assert.Contains(says, message, StringComparison.Ordinal));
        Assert.Contains(here.Split(':')[1], there, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_and_named()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "Dockerfile.test");
        File.WriteAllText(path, "FROM debian:stable\nRUN true");

        Assert.Equal("Dockerfile.test:2", Template.FromDockerfile(path).Instructions[2].Line.ToString());
        Assert.Contains("cannot be read", Assert.Throws<InvalidArgumentException>(() => Template.FromDockerfile(path + ".none")).Message, StringComparison.Ordinal);
    }
}
