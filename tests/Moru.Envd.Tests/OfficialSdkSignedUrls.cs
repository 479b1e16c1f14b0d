using Moru.Protocol;

namespace Moru.Envd.Tests;

public sealed class OfficialSdkSignedUrls(DebianEnvd envd) : IClassFixture<DebianEnvd>, IAsyncLifetime
{
    private const string Token = "0tQG31xiMp0IOQfaz9dcwi72L1CPo8e0";

    private const string Secure = $$"""
        const secure = new sdk.Sandbox({ sandboxId: 'secure', envdVersion: '{{EnvdVersion.Current}}', sandboxUrl: process.argv[2], envdAccessToken: '{{Token}}' })
        const answer = async (url, init) => { const response = await fetch(url, init); return [response.status, await response.text()] }

        """;

    public async ValueTask InitializeAsync() =>
        await new EnvdClient(envd.Http, envd.Address, Token).InitAsync(new InitRequest { AccessToken = Token, DefaultUser = "user" }, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("{}", "/home/user/a b+c.txt")]
    [InlineData("{ useSignatureExpiration: 60 }", "/home/user/a b+c.txt")]
    [InlineData("{ user: 'root' }", "/root/a b+c.txt")]
    public async Task A_signed_url_uploads_and_downloads_without_the_token(string options, string path)
    {
        var result = await envd.JavaScriptAsync(Secure + $$"""
            const form = new FormData()
            form.append('file', 'signed')
            const [status, written] = await answer(await secure.uploadUrl('a b+c.txt', {{options}}), { method: 'POST', body: form })
            return [status, JSON.parse(written)[0].path, await answer(await secure.downloadUrl('a b+c.txt', {{options}}))]
            """);

        Assert.Equal($"""[200,"{path}",[200,"signed"]]""", result);
    }

    [Theory]
    [InlineData("await secure.downloadUrl('/etc/hostname', { useSignatureExpiration: -5 })", "signature is already expired")]
    [InlineData("(await secure.downloadUrl('/etc/hostname')).replace('hostname', 'passwd')", "invalid signature")]
    [InlineData("(await secure.uploadUrl('/etc/hostname'))", "invalid signature")]
    [InlineData("(await secure.downloadUrl('/etc/hostname')).replace(/&signature=.*/, '')", "missing signature query parameter")]
    public async Task A_url_that_was_not_signed_for_this_is_refused(string url, string message)
    {
        var result = await envd.JavaScriptAsync(Secure + $"const [status, body] = await answer({url}); return [status, JSON.parse(body)]");

        Assert.Equal($$"""[401,{"code":401,"message":"{{message}}"}]""", result);
    }

    [Fact]
    public async Task Nothing_but_signed_files_is_open_without_the_token()
    {
        var result = await envd.JavaScriptAsync("""
            const results = await Promise.all([sandbox.files.read('/etc/hostname'), sandbox.files.list('/'), sandbox.commands.run('true'), sandbox.commands.list()].map(failure))
            return [...results.map(result => result.error), await sandbox.isRunning()]
            """);

        Assert.Equal("""["AuthenticationError","AuthenticationError","AuthenticationError","AuthenticationError",true]""", result);
    }
}
