namespace Moru.Server.Tests;

/// <summary>Every member of the official JavaScript SDK's Volume class, unmodified.</summary>
public sealed class VolumeOfficialSdkSpecs(TlsServerFixture fixture) : IClassFixture<TlsServerFixture>
{
    /// <summary>
    /// That SDK sends no key with an upload or a download, and headers of one's own only there: so the key has to be one of those.
    /// </summary>
    private const string WithKey = "const withKey = { headers: { 'X-API-KEY': process.env.MORU_API_KEY } }\n";

    [Fact]
    public Task Volumes_are_made_found_listed_and_deleted() => ReturnsAsync(
        """[true,"js-volume",0,0,true,true,true,true,true,true,"NotFoundError","Volume 'js-volume' not found",false]""", """
        const made = await sdk.Volume.create({ name: 'js-volume' })
        const again = await sdk.Volume.create({ name: 'js-volume' })
        const seen = [made.volumeId.startsWith('vol_'), made.name, made.totalSizeBytes, made.totalFileCount, again.volumeId === made.volumeId]
        for (const key of ['js-volume', made.volumeId]) seen.push((await sdk.Volume.get(key)).volumeId === made.volumeId)
        seen.push((await sdk.Volume.list()).some(volume => volume.volumeId === made.volumeId && volume.createdAt instanceof Date))
        seen.push((await made.getInfo()).updatedAt instanceof Date, await made.delete())
        const { error, message } = await failure(sdk.Volume.get('js-volume'))
        return [...seen, error, message, await made.delete()]
        """);

    [Fact]
    public Task Files_go_in_and_out_in_every_form_and_are_counted() => ReturnsAsync(
        """["bytes","buffer","streamed",["a b:directory:undefined","array:file:6","stream:file:8"],["ü.txt"],[19,3],true,true,"NotFoundError",0]""", WithKey + """
        const volume = await sdk.Volume.create({ name: 'js-files', ...withKey })
        try {
          await volume.upload('/a b/ü.txt', Buffer.from('bytes'))
          await volume.upload('/array', new TextEncoder().encode('buffer').buffer)
          await volume.upload('/stream', new Blob(['streamed']).stream())
          const seen = []
          for (const path of ['/a b/ü.txt', '/array', '/stream']) seen.push((await volume.download(path)).toString())
          seen.push((await volume.listFiles()).map(file => `${file.name}:${file.type}:${file.size}`), (await volume.listFiles('/a b')).map(file => file.name))
          await until(async () => (await volume.getInfo()).totalFileCount === 3)
          seen.push([volume.totalSizeBytes, volume.totalFileCount])
          seen.push(await volume.deleteFile('/array'), await volume.deleteFile('/a b', true))
          seen.push((await failure(volume.download('/array'))).error)
          await volume.deleteFile('/stream')
          return [...seen, (await volume.listFiles('/')).length]
        } finally { await volume.delete() }
        """);

    [Fact]
    public Task A_sandbox_of_the_sdk_has_the_volume_and_what_it_wrote_is_downloaded() => ReturnsAsync(
        """["from the api","from the sandbox\n","409",true]""", WithKey + """
        const volume = await sdk.Volume.create({ name: 'js-mounted', ...withKey })
        try {
          await volume.upload('/in', Buffer.from('from the api'))
          const box = await sdk.Sandbox.create({ volumeId: volume.volumeId, volumeMountPath: '/workspace/data' })
          try {
            const read = (await box.commands.run('cat /workspace/data/in; echo from the sandbox > $MORU_VOLUME_MOUNT_PATH/out')).stdout
            const refused = (await failure(volume.upload('/late', Buffer.from('x')))).message
            return [read, (await volume.download('/out')).toString(), refused.match(/409/)[0], refused.includes('Cannot modify volume while attached to sandbox')]
          } finally { await box.kill() }
        } finally { await volume.delete() }
        """);

    [Fact]
    public Task Without_the_key_among_the_headers_an_upload_says_what_is_missing() => ReturnsAsync("[true,true]", """
        const volume = await sdk.Volume.create({ name: 'js-keyless' })
        try {
          const upload = (await failure(volume.upload('/file', Buffer.from('x')))).message
          const download = (await failure(volume.download('/file'))).message
          return [upload.includes('401') && upload.includes('X-API-Key authorization header is missing'), download.includes('401')]
        } finally { await volume.delete() }
        """);

    private async Task ReturnsAsync(string json, string body) => Assert.Equal(json, await OfficialSdk.RunAsync(
        [
            ("MORU_API_URL", fixture.Server.HttpUrl!.ToString().TrimEnd('/')), ("MORU_API_KEY", fixture.Server.ApiKey), ("MORU_DOMAIN", fixture.Server.Domain!),
            ("NODE_EXTRA_CA_CERTS", Path.Combine(fixture.DataDirectory, MoruServer.AuthorityName)),
        ],
        body));
}
