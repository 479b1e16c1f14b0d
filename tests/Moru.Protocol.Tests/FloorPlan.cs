using System.Xml.Linq;

namespace Moru.Protocol.Tests;

/// <summary>Which project may reference what. A new reference is a decision: make it here, in review.</summary>
public sealed class FloorPlan
{
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> Plan = new()
    {
        ["src/Moru.Protocol"] = ([], []),
        ["src/Moru.Envd"] = (["Moru.Protocol"], ["Microsoft.AspNetCore.App"]),
        ["src/Moru.Sdk"] = (["Moru.Protocol"], []),
        ["src/Moru.Runtime"] = (["Moru.Protocol"], ["Docker.DotNet.Enhanced", "Microsoft.Data.Sqlite", "Microsoft.Extensions.Logging.Abstractions"]),
        ["src/Moru.Server"] = (["Moru.Protocol", "Moru.Runtime"], ["Microsoft.AspNetCore.App", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "Yarp.ReverseProxy"]), // one exporter for the traces and metrics of Runtime and Server
        ["src/Moru.Tools"] = (["Moru.Sdk"], ["Microsoft.Extensions.AI.Abstractions"]),
        ["src/Moru.Mcp"] = (["Moru.Server", "Moru.Tools"], ["ModelContextProtocol.AspNetCore"]),
        ["src/Moru.Agents"] = (["Moru.Tools"], ["Microsoft.Agents.AI.Abstractions", "Microsoft.Extensions.AI", "Microsoft.SemanticKernel.Core"]),
        ["evals/Moru.Evals"] = (["Moru.Agents", "Moru.Mcp"], ["Anthropic", "Microsoft.Extensions.AI.OpenAI", "Microsoft.ML.Tokenizers.Data.O200kBase", "ModelContextProtocol.Core", "OllamaSharp"]),
        ["bench/Moru.Bench"] = (["Moru.Sdk", "Moru.Server", "Moru.Testing"], ["ModelContextProtocol.Core"]), // the engine that is a table, and calls over MCP
        ["samples/Moru.AgentSamples"] = (["Moru.Agents"], ["Anthropic", "Microsoft.Extensions.AI.OpenAI", "OllamaSharp"]), // the models that people have
        ["samples/Moru.Demo"] = ([], ["ModelContextProtocol.Core"]),
        ["samples/Moru.Quickstart"] = (["Moru.Sdk"], []),
        ["samples/Moru.Samples"] = (["Moru.Sdk"], []),
    };

    public static TheoryData<string> Planned => [.. Plan.Keys];

    [Theory]
    [MemberData(nameof(Planned))]
    public void A_project_references_what_the_plan_allows_and_nothing_else(string project)
    {
        var (projects, packages) = References(project);

        Assert.Equal(Plan[project].Projects, projects);
        Assert.Equal(Plan[project].Packages, packages);
    }

    [Fact]
    public void Every_project_outside_the_tests_is_in_the_plan()
    {
        var found = Directory.EnumerateFiles(Artifacts.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Artifacts.Root, Path.GetDirectoryName(file)!))
            .Where(folder => !folder.StartsWith("tests/", StringComparison.Ordinal) && !folder.StartsWith("artifacts/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

        Assert.Equal(Plan.Keys.Order(StringComparer.Ordinal), found);
    }

    private static (IEnumerable<string> Projects, IEnumerable<string> Packages) References(string project)
    {
        var file = XDocument.Load(Path.Combine(Artifacts.Root, project, Path.GetFileName(project) + ".csproj"));
        return (Names("ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal),
            Names("PackageReference").Concat(Names("FrameworkReference")).Order(StringComparer.Ordinal));

        IEnumerable<string> Names(string element) => file.Descendants(element).Select(reference => reference.Attribute("Include")!.Value);
    }
}
