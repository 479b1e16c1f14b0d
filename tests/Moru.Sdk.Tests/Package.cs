using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Moru.Sdk.Tests;

/// <summary>The NuGet package, as somebody gets it who has nothing else of ours.</summary>
public sealed class Package(ServerFixture fixture) : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_program_of_somebody_else_works_with_the_package_alone()
    {
        var feed = Path.Combine(directory.Path, "feed");
        foreach (var project in new[] { "src/Moru.Protocol", "src/Moru.Sdk" })
            await DotnetAsync(Artifacts.Root, "pack", project, "--no-build", "-c", Programs.Configuration, "-o", feed, "-v", "quiet");
        await DescribedAsync(feed);

        var program = Directory.CreateDirectory(Path.Combine(directory.Path, "program")).FullName;
        await WriteAsync(program, "nuget.config", $"""<configuration><packageSources><clear /><add key="feed" value="{feed}" /></packageSources></configuration>""");
        await WriteAsync(program, "program.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Moru" Version="0.1.0" /></ItemGroup>
            </Project>
            """);
        await WriteAsync(program, "Program.cs", """
            using Moru;

            await using var sandbox = await Sandbox.CreateAsync();
            Console.Write((await sandbox.Commands.RunAsync("echo from a package")).Stdout);
            """);
        await DotnetAsync(program, "build", "-c", "Release", "-o", "out", "-v", "quiet");

        Assert.Equal((0, "from a package\n"), await Programs.RunAsync(new ProcessStartInfo("dotnet", [Path.Combine(program, "out/program.dll")]), fixture));
    }

    /// <summary>The package says what it is, needs nothing of others, and brings documentation and symbols.</summary>
    private static async Task DescribedAsync(string feed)
    {
        await using var package = await ZipFile.OpenReadAsync(Path.Combine(feed, "Moru.0.1.0.nupkg"), Cancelled);
        await using var symbols = await ZipFile.OpenReadAsync(Path.Combine(feed, "Moru.0.1.0.snupkg"), Cancelled);
        await using var description = await package.GetEntry("Moru.nuspec")!.OpenAsync(Cancelled);
        var nuspec = await XDocument.LoadAsync(description, LoadOptions.None, Cancelled);

        IEnumerable<XElement> All(string name) => nuspec.Descendants().Where(element => element.Name.LocalName == name);
        string[] Values(string name) => [.. All(name).Select(element => element.Attribute("id")?.Value ?? element.Value)];
        Assert.Equal(["Moru"], Values("id"));
        Assert.Equal(["README.md"], Values("readme"));
        Assert.NotEmpty(Assert.Single(Values("description")));
        Assert.Equal(["Moru.Protocol"], Values("dependency"));
        Assert.All(["README.md", "lib/net10.0/Moru.Sdk.dll", "lib/net10.0/Moru.Sdk.xml"], file => Assert.NotNull(package.GetEntry(file)));
        Assert.NotNull(symbols.GetEntry("lib/net10.0/Moru.Sdk.pdb"));
    }

    private async Task DotnetAsync(string folder, params string[] arguments)
    {
        // Packages of its own: what is there already might be an older one of the same version.
        var (code, output) = await Programs.RunAsync(new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            Environment = { ["NUGET_PACKAGES"] = folder == Artifacts.Root ? null : Path.Combine(directory.Path, "packages"), ["TMPDIR"] = directory.Path },
        });
        Assert.True(code == 0, output);
    }

    private static Task WriteAsync(string folder, string name, string content) => File.WriteAllTextAsync(Path.Combine(folder, name), content, Cancelled);
}
