namespace Moru.Envd.Tests;

public sealed class OfficialSdkCommands(DebianEnvd envd) : OfficialSdkSpecs(envd), IClassFixture<DebianEnvd>
{
    [Fact]
    public Task A_command_returns_its_output() => ReturnsAsync("""{"exitCode":0,"error":"","stdout":"out ü\n","stderr":"err\n"}""", """
        const { exitCode, error, stdout, stderr } = await sandbox.commands.run('echo out ü; echo err >&2')
        return { exitCode, error: error ?? '', stdout, stderr }
        """);

    [Fact]
    public Task A_failing_command_is_an_exit_error() => ReturnsAsync("""["CommandExitError",3,"exit status 3","o\n","e\n"]""", """
        const error = await sandbox.commands.run('echo o; echo e >&2; exit 3').catch(error => error)
        return [error.name, error.exitCode, error.error, error.stdout, error.stderr]
        """);

    [Fact]
    public Task Output_is_heard_while_the_command_runs() => ReturnsAsync("""["first\n",true]""", """
        const heard = []
        const command = await sandbox.commands.run('echo first; read line; echo $line >&2', {
          background: true, stdin: true, onStdout: data => heard.push(data), onStderr: data => heard.push(data) })
        await until(() => heard.length === 1)
        const first = heard[0]
        await sandbox.commands.sendStdin(command.pid, 'second\n')
        await command.wait()
        return [first, heard[1] === 'second\n']
        """);

    [Fact]
    public Task Stdin_that_is_not_asked_for_is_at_its_end() => ReturnsAsync("\"0\\n\"", "return (await sandbox.commands.run('wc -c', { stdin: false })).stdout");

    [Fact]
    public Task Stdin_takes_several_pieces() => ReturnsAsync("\"1 ünd 2\\n\"", """
        const command = await sandbox.commands.run('read a; read b; echo $a $b', { background: true, stdin: true })
        await sandbox.commands.sendStdin(command.pid, '1 ünd')
        await sandbox.commands.sendStdin(command.pid, '\n2\n')
        return (await command.wait()).stdout
        """);

    [Fact]
    public Task Stdin_of_a_finished_command_is_not_found() => ReturnsAsync("\"NotFoundError\"", """
        const command = await sandbox.commands.run('true', { background: true, stdin: true })
        await command.wait()
        return (await failure(sandbox.commands.sendStdin(command.pid, 'late'))).error
        """);

    [Fact]
    public Task A_killed_command_says_so() => ReturnsAsync("""[true,"CommandExitError",-1,"signal: killed",false]""", """
        const command = await sandbox.commands.run('sleep 300', { background: true })
        const killed = await command.kill()
        const error = await command.wait().catch(error => error)
        return [killed, error.name, error.exitCode, error.error, await sandbox.commands.kill(command.pid)]
        """);

    [Fact]
    public Task A_command_that_is_too_slow_is_timed_out_and_killed() => ReturnsAsync("""["TimeoutError",true]""", """
        const result = await failure(sandbox.commands.run('exec sleep 299', { timeoutMs: 300 }))
        await until(async () => !(await sandbox.commands.list()).some(running => running.args.some(arg => arg.includes('sleep 299'))))
        return [result.error, result.message.includes('timeoutMs')]
        """);

    [Fact]
    public Task A_time_limit_of_zero_is_none() => ReturnsAsync("\"done\\n\"", "return (await sandbox.commands.run('sleep 0.3; echo done', { timeoutMs: 0 })).stdout");

    [Fact]
    public Task A_running_command_is_listed() => ReturnsAsync("""["/bin/bash",["-l","-c","read x"],{"A":"b"},"/tmp",true]""", """
        const command = await sandbox.commands.run('read x', { background: true, stdin: true, envs: { A: 'b' }, cwd: '/tmp' })
        const listed = (await sandbox.commands.list()).find(running => running.pid === command.pid)
        await command.kill()
        await command.wait().catch(() => {})
        const gone = !(await sandbox.commands.list()).some(running => running.pid === command.pid)
        return [listed.cmd, listed.args, listed.envs, listed.cwd, gone]
        """);

    [Fact]
    public Task A_command_goes_on_without_its_listener_and_can_be_joined() => ReturnsAsync("""[true,"after\n",0]""", """
        const command = await sandbox.commands.run('read line; echo $line', { background: true, stdin: true })
        await command.disconnect()
        const joined = await sandbox.commands.connect(command.pid)
        await sandbox.commands.sendStdin(command.pid, 'after\n')
        const result = await joined.wait()
        return [joined.pid === command.pid, result.stdout, result.exitCode]
        """);

    [Fact]
    public Task Everybody_who_listens_hears_everything() => ReturnsAsync("""["hello\n","hello\n","hello\n"]""", """
        const command = await sandbox.commands.run('read line; echo $line', { background: true, stdin: true })
        const others = [await sandbox.commands.connect(command.pid), await sandbox.commands.connect(command.pid)]
        await sandbox.commands.sendStdin(command.pid, 'hello\n')
        return (await Promise.all([command, ...others].map(handle => handle.wait()))).map(result => result.stdout)
        """);

    [Fact]
    public Task A_command_that_is_not_there_is_not_found() => ReturnsAsync("""["NotFoundError",false]""", """
        return [(await failure(sandbox.commands.connect(4_000_000))).error, await sandbox.commands.kill(4_000_000)]
        """);

    [Fact]
    public Task A_command_has_its_environment_user_and_directory() => ReturnsAsync("\"user /tmp /home/user user true own\\n\"", """
        const line = 'echo $(id -un) $PWD $HOME $USER $MORU_SANDBOX $MINE'
        return (await sandbox.commands.run(line, { cwd: '/tmp', envs: { MINE: 'own' } })).stdout
        """);

    [Fact]
    public Task A_command_can_be_roots() => ReturnsAsync("\"root /root\\n\"", "return (await sandbox.commands.run('echo $(id -un) $PWD', { user: 'root' })).stdout");

    [Fact]
    public Task A_missing_directory_is_an_invalid_argument() => ReturnsAsync("""["InvalidArgumentError",true]""", """
        const result = await failure(sandbox.commands.run('true', { cwd: '/no/such' }))
        return [result.error, result.message.includes("cwd '/no/such' does not exist")]
        """);

    [Fact]
    public Task An_unknown_user_is_refused() => ReturnsAsync("""["AuthenticationError",true]""", """
        const result = await failure(sandbox.commands.run('true', { user: 'nobody-here' }))
        return [result.error, result.message.includes('nobody-here')]
        """);

    [Fact]
    public Task Much_output_arrives_whole() => ReturnsAsync("""[10000000,10000000]""", """
        const result = await sandbox.commands.run('head -c 10000000 /dev/zero | tr "\\0" x; head -c 10000000 /dev/zero | tr "\\0" y >&2')
        return [result.stdout.length, result.stderr.length]
        """);

    [Fact]
    public Task Many_commands_run_at_once() => ReturnsAsync("[40,40]", """
        const results = await Promise.all(Array.from({ length: 40 }, (_, i) => sandbox.commands.run(`echo ${i}`)))
        return [results.length, new Set(results.map(result => result.stdout)).size]
        """);
}
