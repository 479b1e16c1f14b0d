namespace Moru.Mcp.Tests;

public sealed class CommandLines
{
    [Theory]
    [InlineData("", "stdio", 3000, null)]
    [InlineData("--data-dir /d", "stdio", 3000, "/d")]
    [InlineData("serve", "serve", 3000, null)]
    [InlineData("serve --port 0 --data-dir=/d", "serve", 0, "/d")]
    [InlineData("env --data-dir /d", "env", 3000, "/d")]
    [InlineData("--version", "--version", 3000, null)]
    [InlineData("keys", "keys", 3000, null)]
    [InlineData("teams list --data-dir /d", "teams", 3000, "/d")]
    public void Commands_are_understood(string arguments, string verb, int port, string? data)
    {
        var line = CommandLine.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), out _)!;

        Assert.Equal((verb, port, data), (line.Verb, line.Port, line.DataDirectory));
    }

    [Fact]
    public void What_keys_and_teams_shall_do_may_stand_before_or_after_the_options()
    {
        var line = CommandLine.Parse(["keys", "--team=t1", "create", "my key"], out _)!;

        Assert.Equal(("t1", "create|my key"), (line.Team, string.Join('|', line.Words)));
    }

    [Theory]
    [InlineData("keys bogus", "keys does not understand 'bogus'")]
    [InlineData("keys create", "keys does not understand 'create'")]
    [InlineData("keys block x", "keys does not understand 'block x'")]
    [InlineData("teams delete x", "teams does not understand 'delete x'")]
    [InlineData("teams --team x", "unknown argument '--team'")]
    [InlineData("keys --port 1", "unknown argument '--port'")]
    [InlineData("bogus", "unknown argument 'bogus'")]
    [InlineData("serve bogus", "unknown argument 'bogus'")]
    [InlineData("--port 1", "unknown argument '--port'")]
    [InlineData("serve --port", "--port needs a value")]
    [InlineData("serve --port 70000", "--port must be a number from 0 to 65535, not '70000'")]
    [InlineData("serve --port x", "--port must be a number from 0 to 65535, not 'x'")]
    [InlineData("--data-dir", "--data-dir needs a value")]
    public void Mistakes_are_named(string arguments, string expected)
    {
        Assert.Null(CommandLine.Parse(arguments.Split(' '), out var problem));
        Assert.Equal(expected, problem);
    }
}
