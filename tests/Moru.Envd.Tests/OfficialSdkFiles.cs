namespace Moru.Envd.Tests;

public sealed class OfficialSdkFiles(DebianEnvd envd) : OfficialSdkSpecs(envd), IClassFixture<DebianEnvd>
{
    [Fact]
    public Task A_written_string_is_read_back() => ReturnsAsync("""[{"name":"note.txt","path":"/home/user/note.txt","type":"file"},"grüße\n"]""", """
        const written = await sandbox.files.write('note.txt', 'grüße\n')
        return [written, await sandbox.files.read('note.txt')]
        """);

    [Theory]
    [InlineData("bytes.buffer")]
    [InlineData("new Blob([bytes])")]
    [InlineData("new Blob([bytes]).stream()")]
    public Task Bytes_are_written_from_every_form(string form) => ReturnsAsync("""[256,true]""", $$"""
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
        await sandbox.files.write('form.bin', {{form}})
        const read = await sandbox.files.read('form.bin', { format: 'bytes' })
        return [read.length, read.every((byte, i) => byte === i)]
        """);

    [Theory]
    [InlineData("text", "content")]
    [InlineData("bytes", "new TextDecoder().decode(content)")]
    [InlineData("blob", "await content.text()")]
    [InlineData("stream", "await new Response(content).text()")]
    public Task A_file_is_read_in_every_form(string format, string text) => ReturnsAsync("""["one two"]""", $$"""
        await sandbox.files.write('forms.txt', 'one two')
        const content = await sandbox.files.read('forms.txt', { format: '{{format}}' })
        return [{{text}}]
        """);

    [Fact]
    public Task Several_files_are_written_at_once() => ReturnsAsync("""[["/home/user/several/a","/tmp/b b","/home/user/größe 日本.txt"],["1","2","3"]]""", """
        const files = [['several/a', '1'], ['/tmp/b b', '2'], ['größe 日本.txt', '3']]
        const written = await sandbox.files.write(files.map(([path, data]) => ({ path, data })))
        return [written.map(file => file.path), await Promise.all(written.map(file => sandbox.files.read(file.path)))]
        """);

    [Fact]
    public Task An_empty_file_is_an_empty_string() => ReturnsAsync("""["",0,0]""", """
        await sandbox.files.write('empty', '')
        const bytes = await sandbox.files.read('empty', { format: 'bytes' })
        return [await sandbox.files.read('empty'), bytes.length, (await sandbox.files.getInfo('empty')).size]
        """);

    [Fact]
    public Task A_large_file_arrives_whole() => ReturnsAsync("""[20000003,true,true]""", """
        const large = new Uint8Array(20_000_003).map((_, i) => i * 31)
        await sandbox.files.write('large.bin', large.buffer)
        const read = await sandbox.files.read('large.bin', { format: 'bytes' })
        return [read.length, Buffer.compare(large, read) === 0, (await sandbox.files.getInfo('large.bin')).size === large.length]
        """);

    [Theory]
    [InlineData("with space.txt")]
    [InlineData("it's \"quoted\".txt")]
    [InlineData("grüße 日本 🦀.txt")]
    [InlineData("50% off+more&x=#1;.txt")]
    [InlineData("back\\slash.txt")]
    public Task A_name_is_kept_as_it_is(string name)
    {
        var text = System.Text.Json.JsonSerializer.Serialize(name);
        return ReturnsAsync("""[true,"alone","together",true]""", $$"""
            const name = {{text}}
            const alone = await sandbox.files.write('names/' + name, 'alone')
            const first = await sandbox.files.read('names/' + name)
            const together = await sandbox.files.write([{ path: 'names/' + name, data: 'together' }, { path: 'names/other', data: '' }])
            const second = await sandbox.files.read('names/' + name)
            const listed = await sandbox.files.list('names')
            return [alone.name === name && together[0].name === name, first, second, listed.some(entry => entry.name === name)]
            """);
    }

    [Fact]
    public Task A_list_goes_as_deep_as_asked() => ReturnsAsync(
        """[["a","b.txt"],["/home/user/tree/a","/home/user/tree/a/c","/home/user/tree/b.txt"],["dir","dir","file"]]""", """
        await sandbox.files.write([{ path: 'tree/a/c/d', data: '' }, { path: 'tree/b.txt', data: 'b' }])
        const [flat, deep] = [await sandbox.files.list('tree'), await sandbox.files.list('tree', { depth: 2 })]
        return [flat.map(entry => entry.name), deep.map(entry => entry.path), deep.map(entry => entry.type)]
        """);

    [Fact]
    public Task Info_describes_a_file() => ReturnsAsync(
        """[{"name":"info.txt","type":"file","path":"/home/user/info.txt","size":5,"mode":420,"permissions":"-rw-r--r--","owner":"user","group":"user"},true]""", """
        await sandbox.files.write('info.txt', '12345')
        const { modifiedTime, ...info } = await sandbox.files.getInfo('info.txt')
        return [info, Math.abs(modifiedTime - Date.now()) < 10_000]
        """);

    [Fact]
    public Task Info_tells_where_a_link_leads() => ReturnsAsync("""["file","/home/user/target","Lrwxrwxrwx"]""", """
        await sandbox.files.write('target', '')
        await sandbox.commands.run('ln -s target link')
        const info = await sandbox.files.getInfo('link')
        return [info.type, info.symlinkTarget, info.permissions]
        """);

    [Fact]
    public Task Exists_tells_what_is_there() => ReturnsAsync("""[true,true,false]""", """
        await sandbox.files.write('here/file', '')
        return [await sandbox.files.exists('here'), await sandbox.files.exists('here/file'), await sandbox.files.exists('there')]
        """);

    [Fact]
    public Task A_renamed_file_is_at_its_new_place() => ReturnsAsync("""["/home/user/new/deep/name","data",false,"NotFoundError"]""", """
        await sandbox.files.write('old', 'data')
        const info = await sandbox.files.rename('old', 'new/deep/name')
        return [info.path, await sandbox.files.read('new/deep/name'), await sandbox.files.exists('old'), (await failure(sandbox.files.rename('old', 'x'))).error]
        """);

    [Fact]
    public Task Removing_takes_everything_below_and_is_repeatable() => ReturnsAsync("false", """
        await sandbox.files.write('gone/deep/file', '')
        await sandbox.files.remove('gone')
        await sandbox.files.remove('gone')
        return sandbox.files.exists('gone')
        """);

    [Fact]
    public Task A_directory_is_made_once() => ReturnsAsync("""[true,false,"user","InvalidArgumentError"]""", """
        await sandbox.files.write('a-file', '')
        return [
          await sandbox.files.makeDir('made/deep'), await sandbox.files.makeDir('made/deep'),
          (await sandbox.files.getInfo('made')).owner, (await failure(sandbox.files.makeDir('a-file'))).error]
        """);

    [Fact]
    public Task A_file_that_is_not_there_is_not_found() => ReturnsAsync("""["NotFoundError","NotFoundError","NotFoundError"]""", """
        const results = await Promise.all([sandbox.files.read('no'), sandbox.files.list('no'), sandbox.files.getInfo('no')].map(failure))
        return results.map(result => result.error)
        """);

    [Fact]
    public Task A_directory_cannot_be_read_nor_a_file_listed() => ReturnsAsync("""["InvalidArgumentError","InvalidArgumentError","InvalidArgumentError"]""", """
        await sandbox.files.write('kind/file', '')
        const results = await Promise.all([sandbox.files.read('kind'), sandbox.files.write('kind', ''), sandbox.files.list('kind/file')].map(failure))
        return results.map(result => result.error)
        """);

    [Fact]
    public Task Another_user_owns_what_he_writes_in_his_home() => ReturnsAsync("""["/root/mine","root"]""", """
        const written = await sandbox.files.write('mine', '', { user: 'root' })
        return [written.path, (await sandbox.files.getInfo(written.path)).owner]
        """);

    [Fact]
    public Task An_unknown_user_is_refused() => ReturnsAsync("""["AuthenticationError","AuthenticationError","AuthenticationError","AuthenticationError"]""", """
        const user = 'nobody-here'
        const results = await Promise.all([
          sandbox.files.write('x', '', { user }), sandbox.files.read('/etc/passwd', { user }),
          sandbox.files.list('/', { user }), sandbox.files.makeDir('/tmp/x', { user })].map(failure))
        return results.map(result => result.error)
        """);
}
