namespace Moru.Envd.Tests;

public sealed class OfficialSdkWatches(DebianEnvd envd) : OfficialSdkSpecs(envd), IClassFixture<DebianEnvd>
{
    [Fact]
    public Task A_small_new_file_is_three_events() => ReturnsAsync("""["create new.txt","chmod new.txt","write new.txt"]""", """
        await sandbox.files.makeDir('small')
        const events = []
        const watch = await sandbox.files.watchDir('small', event => { events.push(`${event.type} ${event.name}`) })
        await sandbox.files.write('small/new.txt', 'small')
        await sandbox.files.makeDir('small/end')
        await until(() => events.includes('create end'))
        await watch.stop()
        return events.filter(event => event.endsWith('new.txt'))
        """);

    [Fact]
    public Task Overwriting_changing_renaming_and_removing_are_told_apart() => ReturnsAsync(
        """["chmod f","write f","chmod f","rename f","create g","remove g"]""", """
        await sandbox.files.write('kinds/f', 'old')
        const events = []
        const watch = await sandbox.files.watchDir('kinds', event => { events.push(`${event.type} ${event.name}`) })
        await sandbox.commands.run('cd kinds && chown user f && echo -n new >> f && chmod 600 f && mv f g && rm g')
        await until(() => events.includes('remove g'))
        await watch.stop()
        return events
        """);

    [Fact]
    public Task A_recursive_watch_sees_what_is_written_into_a_new_directory_at_once() => ReturnsAsync("true", """
        await sandbox.files.makeDir('deep')
        const events = []
        const watch = await sandbox.files.watchDir('deep', event => { events.push(`${event.type} ${event.name}`) }, { recursive: true })
        await sandbox.files.write('deep/a/b/file', 'data')
        await until(() => events.includes('write a/b/file'))
        await watch.stop()
        return events.includes('create a')
        """);

    [Fact]
    public Task A_watch_that_is_not_recursive_sees_one_level() => ReturnsAsync("""["create end"]""", """
        await sandbox.files.makeDir('level/below')
        const events = []
        const watch = await sandbox.files.watchDir('level', event => { events.push(`${event.type} ${event.name}`) })
        await sandbox.files.write('level/below/file', '')
        await sandbox.files.makeDir('level/end')
        await until(() => events.includes('create end'))
        await watch.stop()
        return events.filter(event => !event.startsWith('chmod'))
        """);

    [Fact]
    public Task A_stopped_watch_is_silent() => ReturnsAsync("""[0,true]""", """
        await sandbox.files.makeDir('silent')
        const [stopped, other] = [[], []]
        let exited = false
        const watch = await sandbox.files.watchDir('silent', event => { stopped.push(event) }, { onExit: () => { exited = true } })
        const second = await sandbox.files.watchDir('silent', event => { other.push(event) })
        await watch.stop()
        await until(() => exited)
        await sandbox.files.write('silent/file', '')
        await until(() => other.length > 0)
        await second.stop()
        return [stopped.length, exited]
        """);

    [Fact]
    public Task A_watch_ends_at_its_time_limit() => ReturnsAsync("\"TimeoutError\"", """
        const ended = new Promise((_, reject) => sandbox.files.watchDir('/tmp', () => {}, { timeoutMs: 300, onExit: reject }).catch(reject))
        return (await failure(ended)).error
        """);

    [Fact]
    public Task What_cannot_be_watched_is_an_error() => ReturnsAsync("""["NotFoundError","InvalidArgumentError","AuthenticationError"]""", """
        await sandbox.files.write('no-directory', '')
        const nothing = () => {}
        const results = await Promise.all([
          sandbox.files.watchDir('no/such', nothing), sandbox.files.watchDir('no-directory', nothing),
          sandbox.files.watchDir('/tmp', nothing, { user: 'nobody-here' })].map(failure))
        return results.map(result => result.error)
        """);
}
