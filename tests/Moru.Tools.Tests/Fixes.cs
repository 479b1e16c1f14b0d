using System.Text.Json.Nodes;

namespace Moru.Tools.Tests;

/// <summary>Each error leads to success with the next call.</summary>
public sealed class Fixes(Fixes.Prepared shared) : ToolTests(shared), IClassFixture<Fixes.Prepared>
{
    [Covers("run_command", "SandboxException")]
    [Covers("run_command(user)", "AuthenticationException")]
    [Covers("create_sandbox", "TemplateException")]
    [Theory]

    // Arguments
    [InlineData("run_command", "{}")]
    [InlineData("run_command", """{"cmd": "true"}""")]
    [InlineData("run_command", """{"command": ["ls", "-l"]}""")]
    [InlineData("run_command", """{"command": "true", "wait_seconds": "soon"}""")]
    [InlineData("run_command", """{"command": "true", "wait_seconds": 9999}""")]
    [InlineData("run_command", """{"command": "true", "timeout_seconds": 0}""")]
    [InlineData("run_command", """{"command": "true", "env": {"A": 1}}""")]
    [InlineData("run_command", """{"command": "true", "shell": "zsh", "tty": true}""")]
    [InlineData("run_code", """{"source": "1"}""")]
    [InlineData("run_code", """{"code": "1", "language": "ruby"}""")]
    [InlineData("run_code", """{"code": 5}""")]
    [InlineData("read_file", """{"file_path": "here.txt"}""")]
    [InlineData("read_file", """{"path": "here.txt", "start_line": 0}""")]
    [InlineData("read_file", """{"path": "here.txt", "line_count": 1.5}""")]
    [InlineData("write_file", """{"path": "new.txt"}""")]
    [InlineData("write_file", """{"path": "new.txt", "content": {"a": 1}}""")]
    [InlineData("search_files", "{}")]
    [InlineData("get_url", """{"port": 99999}""")]
    [InlineData("set_timeout", """{"timeout_seconds": -5}""")]
    [InlineData("list_commands", """{"all": true}""")]
    [InlineData("manage_volume", """{"action": "make"}""")]
    [InlineData("manage_volume", """{"action": "create"}""")]

    // What is not there
    [InlineData("read_file", """{"path": "hare.txt"}""")]
    [InlineData("read_file", """{"path": "/home/user/here.text"}""")]
    [InlineData("edit_file", """{"path": "hree.txt", "old_text": "one", "new_text": "1"}""")]
    [InlineData("list_files", """{"path": "shelv"}""")]
    [InlineData("move_file", """{"path": "hera.txt", "destination": "here.txt"}""")]
    [InlineData("search_files", """{"content": "one", "path": "her.txt"}""")]
    [InlineData("watch_files", """{"path": "shel", "wait_seconds": 1}""")]
    [InlineData("run_command", """{"command": "true", "cwd": "/nowhere"}""")]
    [InlineData("run_command", """{"command": "true", "user": "nobody-here"}""")]
    [InlineData("run_command", """{"command": "true", "sandbox_id": "inventedid"}""")]
    [InlineData("read_file", """{"path": "here.txt", "sandbox_id": "inventedid"}""")]
    [InlineData("inspect_sandbox", """{"sandbox_id": "inventedid"}""")]
    [InlineData("open_terminal", """{"cwd": "/nowhere"}""")]
    [InlineData("read_output", """{"pid": 999999999}""")]
    [InlineData("kill_command", """{"pid": 999999999}""")]
    [InlineData("use_terminal", """{"pid": 999999999}""")]
    [InlineData("create_sandbox", """{"template": "windows", "timeout_seconds": 60}""")]
    [InlineData("create_sandbox", """{"volume_id": "nowhere", "timeout_seconds": 60}""")]
    [InlineData("volume_file", """{"volume": "nowhere"}""")]

    // What cannot be
    [InlineData("edit_file", """{"path": "twice.txt", "old_text": "x", "new_text": "y"}""")]
    [InlineData("search_files", """{"content": "main("}""")]
    [InlineData("volume_file", """{"volume": "fixes", "action": "read", "path": "/nothing.txt"}""")]
    [InlineData("volume_file", """{"volume": "fixes", "action": "write", "path": "/a.txt"}""")]
    public async Task The_words_of_an_error_are_enough_to_mend_the_call(string tool, string arguments)
    {
        var wrong = JsonNode.Parse(arguments)!.AsObject();
        var error = await Tools.FailAsync(tool, wrong);

        foreach (var (next, mended) in Fixer.Fix(tool, wrong, error)) await Tools.CallAsync(next, mended);
    }

    [Theory]
    [InlineData("edit_file", """{"path": "twice.txt", "old_text": "nothing like it", "new_text": ""}""")]
    [InlineData("edit_file", """{"path": "twice.txt", "old_text": "x x\nx", "new_text": ""}""")]
    [InlineData("get_url", """{"port": 8001}""")]
    [InlineData("search_files", "{}")]
    [InlineData("search_files", """{"content": "main("}""")]
    [InlineData("use_terminal", """{"pid": 1, "columns": 80}""")]
    [InlineData("use_terminal", """{"pid": 1, "wait_for": "("}""")]
    [InlineData("use_terminal", """{"pid": 999999999}""")]
    [InlineData("send_input", """{"pid": 999999999, "text": ""}""")]
    public async Task The_call_that_an_error_names_is_for_the_sandbox_of_the_wrong_one(string tool, string arguments)
    {
        var wrong = JsonNode.Parse(arguments)!.AsObject();
        wrong["sandbox_id"] = Tools.SandboxId;

        Assert.Matches($"[a-z_]+ {{[^}}]*\"sandbox_id\":\"{Tools.SandboxId}\"}}", await Tools.FailAsync(tool, wrong));
    }

    public sealed class Prepared(ServerFixture fixture) : Shared(fixture), IAsyncLifetime
    {
        public async ValueTask InitializeAsync()
        {
            await Session.RunAsync("mkdir -p shelf; printf 'one\\n' > here.txt; printf 'x x\\n' > twice.txt; python3 -m http.server > /dev/null 2>&1 & until curl -so /dev/null localhost:8000; do sleep 0.1; done");
            await Session.CallAsync("run_command", new { command = "sleep 600", wait_seconds = 0 });
            await Session.CallAsync("open_terminal", new { command = "sleep 600" });
            await Session.CallAsync("manage_volume", new { action = "create", volume = "fixes" });
            await Session.CallAsync("manage_volume", new { action = "create", volume = "mounted" }); // the newest is named first
        }
    }
}
