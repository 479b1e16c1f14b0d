using System.Reflection;
using System.Text.RegularExpressions;

namespace Moru.Sdk.Tests;

/// <summary>The table in docs/sdk.md is whole and true.</summary>
public sealed partial class SeedCoverage
{
    private static readonly string[] SeedMembers =
    [
        "Sandbox.create()",
        "with Sandbox.create()",
        "Sandbox.create(template)",
        "Sandbox.create(timeout)",
        "Sandbox.create(metadata)",
        "Sandbox.create(envs)",
        "Sandbox.create(allow_internet_access)",
        "Sandbox.create(secure)",
        "Sandbox.create(volume_id)",
        "Sandbox.create(volume_mount_path)",
        "Sandbox.create(network)",
        "Sandbox.create(api_key)",
        "Sandbox.connect(id, timeout)",
        "sandbox.is_running()",
        "sandbox.sandbox_id",
        "sandbox.sandbox_domain",
        "sandbox.traffic_access_token",
        "sandbox.get_info()",
        "sandbox.get_metrics()",
        "sandbox.set_timeout()",
        "sandbox.get_host()",
        "sandbox.upload_url()",
        "sandbox.download_url()",
        "sandbox.kill()",
        "sandbox.beta_pause()",
        "Sandbox.list()",
        "Sandbox.list(metadata)",
        "Sandbox.kill(id)",
        "Sandbox.set_timeout(id)",
        "AsyncSandbox",
        "files.read(format=\"text\")",
        "files.read(format=\"bytes\")",
        "files.read(format=\"stream\")",
        "files.read(request_timeout)",
        "files.write()",
        "files.write_files()",
        "files.list(depth)",
        "files.exists()",
        "files.get_info()",
        "files.remove()",
        "files.rename()",
        "files.make_dir()",
        "files.watch_dir()",
        "watch handle.events()",
        "watch handle.stop()",
        "commands.run()",
        "commands.run(cwd, user, envs, timeout)",
        "commands.run(on_stdout, on_stderr)",
        "commands.run(background=True)",
        "command handle.send_stdin()",
        "command handle.wait()",
        "command handle.kill()",
        "commands.list()",
        "process.pid, process.command",
        "commands.kill(pid)",
        "pty.create(cols, rows, on_data)",
        "pty handle.send_input()",
        "pty handle.resize()",
        "pty handle.kill()",
        "pty.start(command, cols, rows, on_data)",
        "SandboxException",
        "TimeoutException",
        "NotFoundException",
        "AuthenticationException",
        "NotEnoughSpaceException",
        "CommandExitException",
        "TemplateException",
        "RateLimitException",
        "Template().from_python_image()",
        "Template().from_node_image()",
        "Template().from_ubuntu_image()",
        "Template().from_base_image()",
        "Template().from_image()",
        "Template().from_dockerfile()",
        "Template().from_template()",
        "Template().pip_install()",
        "Template().npm_install()",
        "Template().bun_install()",
        "Template().apt_install()",
        "Template().copy()",
        "Template().make_dir()",
        "Template().run_cmd()",
        "Template().set_workdir()",
        "Template().set_user()",
        "Template().set_envs()",
        "Template().set_start_cmd()",
        "Template.build()",
        "Template.build_in_background()",
        "Template.get_build_status()",
        "wait_for_port()",
        "wait_for_url()",
        "wait_for_file()",
        "wait_for_process()",
        "wait_for_timeout()",
        "Volume.create()",
        "Volume.get()",
        "Volume.list()",
        "volume properties",
        "volume.list_files()",
        "volume.list_files(limit)",
        "volume.download()",
        "volume.upload()",
        "volume.delete(path)",
        "volume.delete()",
    ];

    private static readonly (string Seed, string Member, string Test)[] Table = [.. File
        .ReadLines(Path.Combine(Artifacts.Root, "docs/sdk.md"))
        .Select(line => Row().Match(line))
        .Where(match => match.Success)
        .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value))];

    public static TheoryData<string, string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var (seed, member, test) in Table) rows.Add(seed, member, test);
            return rows;
        }
    }

    [Fact]
    public void Every_member_of_the_seed_has_its_row() => Assert.Equal(SeedMembers, Table.Select(row => row.Seed));

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_names_a_member_and_a_test_that_are_there(string seed, string member, string test)
    {
        Assert.True(Has(typeof(Sandbox).Assembly, "Moru." + member), $"{seed}: there is no {member}");
        Assert.True(Has(typeof(SeedCoverage).Assembly, "Moru.Sdk.Tests." + test), $"{seed}: there is no test {test}");
    }

    private static bool Has(Assembly assembly, string name)
    {
        var dot = name.LastIndexOf('.');
        return assembly.GetType(name[..dot]) is { IsPublic: true } type && type.GetMember(name[(dot + 1)..]).Length > 0;
    }

    [GeneratedRegex(@"^\| `(.+?)` \| `([\w.]+)` \| `([\w.]+)` \|$")]
    private static partial Regex Row();
}
