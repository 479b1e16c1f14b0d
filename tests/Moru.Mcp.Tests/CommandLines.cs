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
    public void Commands_are_understood(string arguments, string verb, int port, string? data)
    {
        var line = CommandLine.Parse(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), out _)!;

        Assert.Equal((verb, port, data), (line.Verb, line.Port, line.DataDirectory));
    }

    [Theory]
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
