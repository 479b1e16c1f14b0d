using System.Text.Json;
using Microsoft.SemanticKernel;
using static Moru.AgentSamples.ScriptedModel;

namespace Moru.Agents.Tests;

/// <summary>The plugin that stands in for Azure's dynamic sessions.</summary>
public sealed class SessionsPython(ServerFixture fixture) : AgentTest(fixture), IAsyncLifetime
{
    private readonly TemporaryDirectory local = new();
    private AgentSandbox sandbox = null!;

    public ValueTask InitializeAsync()
    {
        sandbox = new AgentSandbox(Client);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await sandbox.DisposeAsync();
        local.Dispose();
    }

    [Fact]
    public void Its_functions_are_named_as_the_original_names_them()
    {
        var plugin = KernelPluginFactory.CreateFromObject(new SessionsPythonPlugin(new(), sandbox));

        Assert.Equal(
            ["DownloadFile(remoteFileName, localFilePath)", "ExecuteCode(code)", "ListFiles()", "UploadFile(remoteFileName, localFilePath)"],
            plugin.Select(function => $"{function.Name}({string.Join(", ", function.Metadata.Parameters.Select(parameter => parameter.Name))})").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("print(6 * 7)\n'done'")]
    [InlineData("```python\nprint(6 * 7)\n'done'\n```")]
    [InlineData("  `print(6 * 7)\n'done'`")]
    public async Task Execution_has_the_shape_of_the_original(string code)
    {
        var result = await Plugin().ExecuteCodeAsync(code, Cancelled);

        using var json = JsonDocument.Parse(result.ToString());
        Assert.Equal("Success", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("42\n", json.RootElement.GetProperty("result").GetProperty("stdout").GetString());
        Assert.Equal("", json.RootElement.GetProperty("result").GetProperty("stderr").GetString());
        Assert.Equal("'done'", json.RootElement.GetProperty("result").GetProperty("executionResult").GetString());
    }

    [Fact]
    public async Task Variables_stay_and_failures_are_told()
    {
        var python = Plugin(new() { TimeoutInSeconds = 1 });
        await python.ExecuteCodeAsync("n = 2", Cancelled);

        var failed = await python.ExecuteCodeAsync("n / 0", Cancelled);
        var late = await python.ExecuteCodeAsync("import time\ntime.sleep(60)", Cancelled);

        Assert.Equal("Failure", failed.Status);
        Assert.Contains("ZeroDivisionError", failed.Result!.StdErr, StringComparison.Ordinal);
        Assert.Contains("time limit", late.Result!.StdErr, StringComparison.Ordinal);
        Assert.Equal("2", (await python.ExecuteCodeAsync("n", Cancelled)).Result!.ExecutionResult);
    }

    [Fact]
    public async Task A_kernel_uses_it_as_it_uses_the_original()
    {
        var model = new ScriptedModel(Call("SessionsPythonPlugin_ExecuteCode", ("code", "sum(range(10))")), Say(result => result));
        var kernel = new Kernel();
        kernel.Plugins.AddFromObject(Plugin());
        var chat = model.AsBuilder().UseFunctionInvocation().Build();

        var answer = await chat.GetResponseAsync("Sum.", new() { Tools = [.. kernel.Plugins.SelectMany(plugin => plugin.Select(function => function.WithKernel(kernel)))] }, Cancelled);

        Assert.Contains("\"executionResult\":\"45\"", answer.Text.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_goes_up_is_listed_and_comes_down()
    {
        await File.WriteAllTextAsync(Path.Combine(local.Path, "in.csv"), "1,2\n", Cancelled);
        var python = Plugin(Allowing(local.Path));

        var up = await python.UploadFileAsync("in.csv", Path.Combine(local.Path, "in.csv"), Cancelled);
        await python.ExecuteCodeAsync("open('/mnt/data/out.csv', 'w').write(open('/mnt/data/in.csv').read() * 2)", Cancelled);
        var names = (await python.ListFilesAsync(Cancelled)).Select(file => file.Name);
        var down = await python.DownloadFileAsync("out.csv", Path.Combine(local.Path, "saved.csv"), Cancelled);

        Assert.Equal(("in.csv", 4, "file", "/mnt/data/in.csv"), (up.Name, up.SizeInBytes, up.Type, up.FullPath));
        Assert.Equal(["in.csv", "out.csv"], names);
        Assert.Equal("1,2\n1,2\n"u8.ToArray(), down);
        Assert.Equal("1,2\n1,2\n", await File.ReadAllTextAsync(Path.Combine(local.Path, "saved.csv"), Cancelled));
    }

    [Fact]
    public async Task Uploads_are_off_until_both_settings_allow_them()
    {
        var file = Path.Combine(local.Path, "secret");
        await File.WriteAllTextAsync(file, "secret", Cancelled);

        foreach (var settings in new SessionsPythonSettings[] { new(), new() { AllowedUploadDirectories = [local.Path] }, new() { EnableDangerousFileUploads = true } })
            await Assert.ThrowsAsync<InvalidOperationException>(() => Plugin(settings).UploadFileAsync("x", file, Cancelled));
    }

    [Theory]
    [InlineData("allowed/../outside/secret")]
    [InlineData("allowed/link")]
    [InlineData("allowed/folder/secret")]
    [InlineData("allowed-too/secret")]
    [InlineData("allowed/loop")]
    public async Task No_path_leads_out_of_the_allowed_directories(string path)
    {
        foreach (var folder in new[] { "allowed", "outside", "allowed-too" }) Directory.CreateDirectory(Path.Combine(local.Path, folder));
        foreach (var folder in new[] { "outside", "allowed-too" }) await File.WriteAllTextAsync(Path.Combine(local.Path, folder, "secret"), "secret", Cancelled);
        File.CreateSymbolicLink(Path.Combine(local.Path, "allowed/link"), "../outside/secret");
        File.CreateSymbolicLink(Path.Combine(local.Path, "allowed/folder"), Path.Combine(local.Path, "outside"));
        File.CreateSymbolicLink(Path.Combine(local.Path, "allowed/loop"), "loop");
        var python = Plugin(Allowing(Path.Combine(local.Path, "allowed")));

        await Assert.ThrowsAsync<InvalidOperationException>(() => python.UploadFileAsync("x", Path.Combine(local.Path, path), Cancelled));
        await Assert.ThrowsAsync<InvalidOperationException>(() => python.DownloadFileAsync("x", Path.Combine(local.Path, path), Cancelled));
        Assert.Null(sandbox.SandboxId); // refused before anything was sent
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    public async Task A_remote_name_stays_below_its_directory(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Plugin().DownloadFileAsync(name, cancellationToken: Cancelled));
    }

    private SessionsPythonPlugin Plugin(SessionsPythonSettings? settings = null) => new(settings ?? new(), sandbox);

    private static SessionsPythonSettings Allowing(string directory) =>
        new() { EnableDangerousFileUploads = true, AllowedUploadDirectories = [directory], AllowedDownloadDirectories = [directory] };
}
