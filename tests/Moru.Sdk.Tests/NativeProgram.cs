using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Moru.Sdk.Tests;

/// <summary>The SDK compiled ahead of time: the program in tests/Moru.Sdk.Aot, published anew only when something it is made of has changed.</summary>
public sealed class NativeProgram(ServerFixture fixture)
{
    private static readonly string Output = Path.Combine(Artifacts.Root, "artifacts/sdk-aot");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_feature_works_in_a_native_program_that_builds_without_warnings()
    {
        await PublishAsync();

        var (code, output) = await Programs.RunAsync(new ProcessStartInfo(Path.Combine(Output, "Moru.Sdk.Aot")), fixture);

        Assert.Equal("everything works\n", output);
        Assert.Equal(0, code);
    }

    private static async Task PublishAsync()
    {
        var (stamp, inputs) = (Path.Combine(Output, "inputs"), await HashAsync());
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp, Cancelled) == inputs) return;
        using var temporary = new TemporaryDirectory(); // the build leaves things behind
        var (code, output) = await Programs.RunAsync(new ProcessStartInfo(
            "dotnet", ["publish", Path.Combine(Artifacts.Root, "tests/Moru.Sdk.Aot"), "-c", "Release", "-r", "linux-x64", "-o", Output, "--nologo", "-v", "quiet"])
        {
            Environment = { ["TMPDIR"] = temporary.Path },
        });
        Assert.True(code == 0, output);
        Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
        await File.WriteAllTextAsync(stamp, inputs, Cancelled);
    }

    private static async Task<string> HashAsync()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = new[] { "src/Moru.Protocol", "src/Moru.Sdk", "tests/Moru.Sdk.Aot" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Artifacts.Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".csproj" && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(await File.ReadAllBytesAsync(file, Cancelled));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
