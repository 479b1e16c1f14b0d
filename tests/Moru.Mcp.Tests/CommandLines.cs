namespace Moru.Mcp.Tests;

public sealed class CommandLines
{
    [Theory]
    [InlineData("", "stdio", 3000, null)]
    [InlineData("--data-dir /d", "stdio", 3000, "/d")]
    [InlineData("--session work --data-dir /d", "stdio", 3000, "/d")]
    [InlineData("http", "http", 3001, null)]
    [InlineData("http --sse --port 0 --host mcp.example --listen ::1", "http", 0, null)]
    [InlineData("serve", "serve", 3000, null)]
    [InlineData("serve --port 0 --data-dir=/d", "serve", 0, "/d")]
    [InlineData("env --data-dir /d", "env", 3000, "/d")]
    [InlineData("--version", "--version", 3000, null)]
    [InlineData("keys", "keys", 3000, null)]
    [InlineData("teams list --data-dir /d", "teams", 3000, "/d")]
    [InlineData("policy show i1", "policy", 3000, null)]
    [InlineData("policy explain i1 example.com --data-dir /d", "policy", 3000, "/d")]
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

    [Fact]
    public void Who_may_use_the_server_over_HTTP_is_understood()
    {
        var line = CommandLine.Parse("http --sse --host mcp.example --host=other.example --toolsets all".Split(' '), out _)!;

        Assert.Equal((true, "all"), (line.Sse, line.Toolsets));
        Assert.Equal(["mcp.example", "other.example"], line.Hosts);
    }

    [Theory]
    [InlineData("serve", 3443, "127.0.0.1", null)]
    [InlineData("serve --https-port 0 --listen 0.0.0.0 --domain a.example", 0, "0.0.0.0", "a.example")]
    [InlineData("serve --no-https --listen=::", null, "::", null)]
    public void Where_to_listen_is_understood(string arguments, int? httpsPort, string listen, string? domain)
    {
        var line = CommandLine.Parse(arguments.Split(' '), out _)!;

        Assert.Equal((httpsPort, listen, domain), (line.HttpsPort, line.Listen.ToString(), line.Domain));
    }

    [Theory]
    [InlineData("env", null)]
    [InlineData("env --dns", true)]
    [InlineData("env --no-dns", false)]
    public void Whether_names_resolve_can_be_said(string arguments, bool? dns) => Assert.Equal(dns, CommandLine.Parse(arguments.Split(' '), out _)!.Dns);

    [Theory]
    [InlineData("localhost")]
    [InlineData("-a.example")]
    [InlineData("a_b.example")]
    [InlineData("a.example/")]
    [InlineData("127.0.0.1")]
    [InlineData("a.example:https")]
    public void A_domain_that_cannot_be_one_is_refused(string domain) =>
        Assert.Contains(domain, Assert.Throws<InvalidArgumentException>(() => Settings.From(new CommandLine { Verb = "serve", Domain = domain })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_session_name_that_cannot_be_one_is_refused() =>
        Assert.Contains("two words", Assert.Throws<InvalidArgumentException>(() => Settings.From(new CommandLine { Verb = "stdio", Session = "two words" })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("keys bogus", "keys needs 'list', 'create NAME' or 'delete ID', not 'bogus'")]
    [InlineData("keys create", "keys needs 'list', 'create NAME' or 'delete ID', not 'create'")]
    [InlineData("keys block x", "keys needs 'list', 'create NAME' or 'delete ID', not 'block x'")]
    [InlineData("teams delete x", "teams needs 'list', 'create NAME', 'block ID' or 'unblock ID', not 'delete x'")]
    [InlineData("policy", "policy needs 'show ID' or 'explain ID HOST'")]
    [InlineData("policy explain i1", "policy needs 'show ID' or 'explain ID HOST', not 'explain i1'")]
    [InlineData("teams --team x", "unknown argument '--team'")]
    [InlineData("keys --port 1", "unknown argument '--port'")]
    [InlineData("serve --listen here", "--listen must be an IP address such as 127.0.0.1 or 0.0.0.0, not 'here'")]
    [InlineData("serve --https-port x", "--https-port must be a number from 0 to 65535, not 'x'")]
    [InlineData("--port 1 --session x", "unknown argument '--port'")]
    [InlineData("http --https-port 1", "unknown argument '--https-port'")]
    [InlineData("serve --sse", "unknown argument '--sse'")]
    [InlineData("config emacs", "config needs one of claude-code, claude-desktop, vscode, cursor, copilot, not 'emacs'")]
    [InlineData("config", "config needs one of claude-code, claude-desktop, vscode, cursor, copilot")]
    [InlineData("config cursor --url here", "--url must be an http or https URL such as http://127.0.0.1:3001/mcp, not 'here'")]
    [InlineData("env --no-https", "unknown argument '--no-https'")]
    [InlineData("serve --dns", "unknown argument '--dns'")]
    [InlineData("--listen 0.0.0.0", "unknown argument '--listen'")]
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
