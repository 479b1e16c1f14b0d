namespace Moru.Server.Tests;

/// <summary>
/// The official JavaScript SDK, unmodified, in its two ways to reach sandboxes: by host names over TLS, and with one URL for all agents.
/// </summary>
public sealed class OfficialSdkControlPlane(TlsServerFixture fixture) : IClassFixture<TlsServerFixture>
{
    public static TheoryData<string> Ways => ["names", "url"];

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Commands_files_and_terminals_work(string way) => ReturnsAsync(way, """["hi\n","written",3,"from the terminal","write note"]""", """
        const box = await sdk.Sandbox.create()
        try {
          const said = (await box.commands.run('echo hi')).stdout
          await box.files.write('a b/ü.txt', 'written')
          const events = []
          const watch = await box.files.watchDir('a b', event => { events.push(`${event.type} ${event.name}`) })
          await box.files.write('a b/note', 'x')
          await until(() => events.includes('write note'))
          await watch.stop()
          const exit = (await box.commands.run('exit 3').catch(error => error)).exitCode
          let screen = ''
          const terminal = await box.pty.create({ cols: 80, rows: 24, onData: data => { screen += new TextDecoder().decode(data) } })
          await box.pty.sendInput(terminal.pid, new TextEncoder().encode("echo from the 'terminal'\n"))
          await until(() => screen.includes('from the terminal'))
          await terminal.kill()
          return [said, await box.files.read('a b/ü.txt'), exit, screen.match(/from the terminal/)[0], events.find(event => event === 'write note')]
        } finally { await box.kill() }
        """);

    [Theory]
    [MemberData(nameof(Ways))]
    public Task A_second_program_connects_and_a_killed_sandbox_is_gone(string way) => ReturnsAsync(way, """["green\n","kept",true,true,false,false,"NotFoundError"]""", """
        const first = await sdk.Sandbox.create({ envs: { COLOUR: 'green' } })
        const second = await sdk.Sandbox.connect(first.sandboxId)
        await first.files.write('/tmp/note', 'kept')
        const seen = [(await second.commands.run('echo $COLOUR')).stdout, await second.files.read('/tmp/note'), await second.isRunning(), await sdk.Sandbox.kill(first.sandboxId)]
        return [...seen, await first.isRunning(), await sdk.Sandbox.kill(first.sandboxId), (await failure(sdk.Sandbox.connect(first.sandboxId))).error]
        """);

    [Theory]
    [MemberData(nameof(Ways))]
    public Task A_process_lives_through_a_pause(string way) => ReturnsAsync(way, """[false,"42\n",true]""", """
        const box = await sdk.Sandbox.create()
        try {
          const counter = await box.commands.run('n=41; until [ -e /tmp/go ]; do sleep 0.02; done; echo $((n + 1)) > /tmp/said', { background: true, timeoutMs: 0 })
          await box.betaPause()
          const running = await box.isRunning()
          const resumed = await sdk.Sandbox.connect(box.sandboxId)
          const processes = await resumed.commands.list()
          await resumed.files.write('/tmp/go', '')
          await until(() => resumed.files.exists('/tmp/said'))
          await until(async () => (await resumed.files.read('/tmp/said')) === '42\n')
          return [running, await resumed.files.read('/tmp/said'), processes.some(process => process.pid === counter.pid)]
        } finally { await box.kill() }
        """);

    [Fact]
    public Task A_list_comes_in_pages() => ReturnsAsync("names", """[[1,1,1],true]""", """
        const label = { run: crypto.randomUUID() }
        const made = await Promise.all([1, 2, 3].map(() => sdk.Sandbox.create({ metadata: label })))
        try {
          const list = sdk.Sandbox.list({ query: { metadata: label }, limit: 1 })
          const pages = []
          while (list.hasNext) pages.push(await list.nextItems())
          const found = pages.flat().map(sandbox => sandbox.sandboxId).sort()
          return [pages.map(page => page.length), JSON.stringify(found) === JSON.stringify(made.map(sandbox => sandbox.sandboxId).sort())]
        } finally { await Promise.all(made.map(sandbox => sandbox.kill())) }
        """);

    [Theory]
    [MemberData(nameof(Ways))]
    public Task Signed_urls_work_without_the_token(string way) => ReturnsAsync(way, """[200,"signed",true,401]""", """
        const box = await sdk.Sandbox.create({ secure: true })
        try {
          const form = new FormData()
          form.append('file', 'signed')
          const uploaded = await fetch(await box.uploadUrl('a b+c.txt', { useSignatureExpiration: 60 }), { method: 'POST', body: form })
          const url = await box.downloadUrl('a b+c.txt')
          const forged = await fetch(url.replace('c.txt', 'd.txt'))
          const late = await fetch(await box.downloadUrl('a b+c.txt', { useSignatureExpiration: -5 }))
          return [uploaded.status, await (await fetch(url)).text(), forged.status >= 400, late.status]
        } finally { await box.kill() }
        """);

    [Fact]
    public Task A_server_on_localhost_in_the_sandbox_is_reached_at_its_host_name_over_tls() => ReturnsAsync("names", """["hello",502]""", """
        const box = await sdk.Sandbox.create()
        try {
          await box.files.write('/tmp/www/hello.txt', 'hello')
          await box.commands.run('python3 -m http.server --bind 127.0.0.1 -d /tmp/www 8000', { background: true, timeoutMs: 0 })
          const url = port => `https://${box.getHost(port)}/hello.txt`
          await until(async () => (await fetch(url(8000))).ok)
          return [await (await fetch(url(8000))).text(), (await fetch(url(8001))).status]
        } finally { await box.kill() }
        """);

    [Fact]
    public Task Ports_that_are_not_public_and_masked_hosts_are_as_the_sdk_says() => ReturnsAsync("names", """[403,403,200,"localhost:8000"]""", """
        const box = await sdk.Sandbox.create({ network: { allowPublicTraffic: false, maskRequestHost: 'localhost:${PORT}' } })
        try {
          const server = "import http.server as h;h.HTTPServer(('127.0.0.1',8000),type('H',(h.BaseHTTPRequestHandler,),{'do_GET':lambda s:(s.send_response(200),s.end_headers(),s.wfile.write(s.headers['Host'].encode()))})).serve_forever()"
          await box.files.write('/tmp/server.py', server)
          await box.commands.run('python3 /tmp/server.py', { background: true, timeoutMs: 0 })
          const get = token => fetch(`https://${box.getHost(8000)}/`, { headers: token ? { 'moru-traffic-access-token': token } : {} })
          await until(async () => (await get(box.trafficAccessToken)).ok)
          const admitted = await get(box.trafficAccessToken)
          return [(await get()).status, (await get('wrong')).status, admitted.status, await admitted.text()]
        } finally { await box.kill() }
        """);

    private async Task ReturnsAsync(string way, string json, string body) => Assert.Equal(json, await OfficialSdk.RunAsync(Environment(way), body));

    private (string, string)[] Environment(string way)
    {
        (string, string)[] api = [("MORU_API_URL", fixture.Server.HttpUrl!.ToString().TrimEnd('/')), ("MORU_API_KEY", fixture.Server.ApiKey)];
        return way == "url"
            ? [.. api, ("MORU_SANDBOX_URL", fixture.Server.HttpUrl.ToString().TrimEnd('/'))]
            : [.. api, ("MORU_DOMAIN", fixture.Server.Domain!), ("NODE_EXTRA_CA_CERTS", Path.Combine(fixture.DataDirectory, MoruServer.AuthorityName))];
    }
}
