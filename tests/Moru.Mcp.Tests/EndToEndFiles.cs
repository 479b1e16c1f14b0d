namespace Moru.Mcp.Tests;

public sealed class EndToEndFiles(EndToEndSession session) : IClassFixture<EndToEndSession>
{
    private readonly McpProcess mcp = session.Mcp;

    [Theory]
    [InlineData("a/b c/file.txt", "äöü €😀\nsecond \"line\"\n\ttabbed")]
    [InlineData("/home/user/empty.txt", "")]
    [InlineData("/tmp/crlf.txt", "one\r\ntwo\r\n")]
    [InlineData("it's $HOME `x`.txt", "<&>\\\n")]
    public async Task What_is_written_is_read(string path, string content)
    {
        await mcp.DoAsync("write_file", new() { ["path"] = path, ["content"] = content });

        var read = await mcp.DoAsync("read_file", new() { ["path"] = path });
        Assert.Equal(content, read.GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_written_file_belongs_to_the_user_who_runs_commands()
    {
        await mcp.DoAsync("write_file", new() { ["path"] = "dir/run.sh", ["content"] = "echo ran" });

        Assert.Equal("user user\nran\n", (await mcp.RunAsync("stat -c '%U %G' dir/run.sh; bash dir/run.sh; rm dir/run.sh; rmdir dir")).GetProperty("stdout").GetString());
    }

    [Fact]
    public async Task A_long_file_is_paged_by_the_calls_that_its_notes_name()
    {
        await mcp.RunAsync("seq 1 5000 > long.txt");

        var lines = new List<string>();
        int? next = 1;
        while (next is { } start)
        {
            var page = await mcp.DoAsync("read_file", new() { ["path"] = "long.txt", ["start_line"] = start });
            lines.AddRange(page.GetProperty("content").GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(5000, page.GetProperty("total_lines").GetInt32());
            next = page.TryGetProperty("note", out var note) ? int.Parse(note.GetString()!.Split("\"start_line\":")[1].TrimEnd('}', '.'), System.Globalization.CultureInfo.InvariantCulture) : null;
        }

        Assert.Equal(Enumerable.Range(1, 5000).Select(number => $"{number}"), lines);
    }

    [Fact]
    public async Task A_huge_file_is_not_fetched_whole()
    {
        await mcp.RunAsync("yes 'a line' | head -c 2000000000 > huge.txt");

        var page = await mcp.DoAsync("read_file", new() { ["path"] = "huge.txt", ["line_count"] = 3 });
        await mcp.RunAsync("rm huge.txt");

        Assert.Equal("a line\na line\na line\n", page.GetProperty("content").GetString());
        Assert.Equal("Lines 1 to 3 of many. Read on with read_file {\"path\":\"huge.txt\",\"start_line\":4}.", page.GetProperty("note").GetString());
    }

    [Fact]
    public async Task A_binary_file_is_refused_with_size_offset_and_another_way()
    {
        await mcp.RunAsync(@"printf 'text\0more' > binary.dat");

        var text = await mcp.FailAsync("read_file", new() { ["path"] = "binary.dat" });

        Assert.StartsWith("'binary.dat' is a binary file of 9 bytes: the byte at offset 4 is not UTF-8 text.", text, StringComparison.Ordinal);
        Assert.Contains("run_command", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("read_file", "/etc/pass", "There is no file '/etc/pass'", "passwd")]
    [InlineData("write_file", "/tmp", "'/tmp' cannot be written", "file name")]
    public async Task A_wrong_path_is_named_with_the_next_step(string tool, string path, string expected, string next)
    {
        var arguments = new Dictionary<string, object?> { ["path"] = path };
        if (tool == "write_file") arguments["content"] = "x";

        var text = await mcp.FailAsync(tool, arguments);

        Assert.StartsWith(expected, text, StringComparison.Ordinal);
        Assert.Contains(next, text, StringComparison.Ordinal);
    }
}
