namespace Moru.Envd.Tests;

public sealed class OfficialSdkPty(DebianEnvd envd) : OfficialSdkSpecs(envd), IClassFixture<DebianEnvd>
{
    // Shells echo what is typed: a result is told apart from its echo by being computed.
    private const string Open = """
        let screen = ''
        const pty = await sandbox.pty.create({ cols: 80, rows: 24, onData: data => { screen += new TextDecoder().decode(data) } })
        const type = text => sandbox.pty.sendInput(pty.pid, new TextEncoder().encode(text))

        """;

    [Fact]
    public Task Keys_reach_the_shell_and_its_output_comes_back() => ReturnsAsync("0", Open + """
        await type('echo $((6 * 7))ü\n')
        await until(() => screen.includes('42ü'))
        await type('exit\n')
        return (await pty.wait()).exitCode
        """);

    [Fact]
    public Task It_is_a_terminal_of_the_users_own() => ReturnsAsync("true", Open + """
        await type('echo "$(tty) $(id -un) $TERM $(stty size)"\n')
        await until(() => /\/dev\/pts\/\d+ user xterm-256color 24 80/.test(screen))
        return pty.kill()
        """);

    [Fact]
    public Task A_new_size_is_seen_by_the_programs_in_it() => ReturnsAsync("true", Open + """
        await sandbox.pty.resize(pty.pid, { cols: 132, rows: 50 })
        await type('stty size\n')
        await until(() => screen.includes('50 132'))
        return pty.kill()
        """);

    [Fact]
    public Task Control_C_interrupts_the_program_and_not_the_shell() => ReturnsAsync("true", Open + """
        await type('echo wait$((1 + 1)); sleep 300\n')
        await until(() => screen.includes('wait2'))
        await type('\u0003')
        await type('echo code$?\n')
        await until(() => screen.includes('code130'))
        return pty.kill()
        """);

    [Fact]
    public Task A_killed_terminal_says_so() => ReturnsAsync("""[true,-1,"signal: killed",false]""", Open + """
        const killed = await pty.kill()
        const error = await pty.wait().catch(error => error)
        return [killed, error.exitCode, error.error, await sandbox.pty.kill(pty.pid)]
        """);

    [Fact]
    public Task A_terminal_can_be_joined() => ReturnsAsync("true", Open + """
        await pty.disconnect()
        let second = ''
        const joined = await sandbox.pty.connect(pty.pid, { onData: data => { second += new TextDecoder().decode(data) } })
        await type('echo $((20 + 3))x\n')
        await until(() => second.includes('23x'))
        return joined.kill()
        """);

    [Fact]
    public Task A_terminal_that_is_open_too_long_is_timed_out() => ReturnsAsync("\"TimeoutError\"", """
        return (await failure(sandbox.pty.create({ cols: 80, rows: 24, timeoutMs: 300, onData: () => {} }).then(pty => pty.wait()))).error
        """);

    [Fact]
    public Task Environment_user_and_directory_are_as_asked() => ReturnsAsync("true", """
        let screen = ''
        const pty = await sandbox.pty.create({
          cols: 80, rows: 24, user: 'root', cwd: '/tmp', envs: { MINE: 'own' }, onData: data => { screen += new TextDecoder().decode(data) } })
        await sandbox.pty.sendInput(pty.pid, new TextEncoder().encode('echo "$(id -un)":$PWD:$MINE\n'))
        await until(() => screen.includes('root:/tmp:own'))
        return pty.kill()
        """);

    [Fact]
    public Task Input_for_the_wrong_kind_of_process_is_an_error() => ReturnsAsync("""["SandboxError","SandboxError","SandboxError","NotFoundError"]""", Open + """
        const command = await sandbox.commands.run('read x', { background: true, stdin: true })
        const results = await Promise.all([
          sandbox.commands.sendStdin(pty.pid, 'x'), sandbox.pty.sendInput(command.pid, new Uint8Array([120])),
          sandbox.pty.resize(command.pid, { cols: 1, rows: 1 }), sandbox.pty.resize(4_000_000, { cols: 1, rows: 1 })].map(failure))
        await pty.kill()
        await command.kill()
        return results.map(result => result.error)
        """);
}
